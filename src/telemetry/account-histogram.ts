import { AccountMetric } from './account-metric.ts';
import type { Sample } from './exposition.ts';

/** Seconds: WeChat answers in 20 ms to 2 s, our own timeouts end at 30 s and 60 s. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

/** One series. */
class Durations {
  /** How many ended up to each bound and above the one before it; the last: above them all. */
  readonly counts = Array.from({ length: BOUNDS.length + 1 }, () => 0);
  sum = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] as number)) bucket++;
    (this.counts[bucket] as number)++;
    this.sum += seconds;
  }
}

/** Of durations, in seconds. */
export class AccountHistogram<Label extends string> extends AccountMetric<Label, Durations> {
  readonly type = 'histogram';

  protected begin(): Durations {
    return new Durations();
  }

  protected samples({ counts, sum }: Durations, labels: Sample['labels']): Sample[] {
    const { name } = this;
    const values: Sample[] = [];
    let count = 0;
    for (const [i, bound] of [...BOUNDS, '+Inf'].entries()) {
      count += counts[i] as number;
      values.push({ metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: count });
    }
    values.push({ metricName: `${name}_sum`, labels, value: sum });
    values.push({ metricName: `${name}_count`, labels, value: count });
    return values;
  }
}
