import type { Metric, Registry } from 'prom-client';

/** Seconds: WeChat answers in 20 ms to 2 s, our own timeouts end at 30 s and 60 s. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** One series: what a request writes to when it ends. */
export class Durations {
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

/**
 * A histogram of durations, registered beside prom-client's metrics. prom-client's own one checks and
 * hashes its labels anew for every observation, bound or not, and every request is one.
 */
export class DurationHistogram<Label extends string> {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly name: string;
  readonly help: string;

  readonly #labelNames: readonly Label[];
  readonly #series = new Map<
    string,
    { readonly labels: Readonly<Record<Label, string>>; readonly durations: Durations }
  >();

  constructor(name: string, help: string, labelNames: readonly Label[], registry: Registry) {
    this.name = name;
    this.help = help;
    this.#labelNames = labelNames;
    registry.registerMetric(this as unknown as Metric);
  }

  /** The series of these labels; begins at zero. */
  labels(labels: Readonly<Record<Label, string>>): Durations {
    const key = this.#key(labels);
    const known = this.#series.get(key);
    if (known !== undefined) return known.durations;
    const durations = new Durations();
    this.#series.set(key, { labels, durations });
    return durations;
  }

  remove(labels: Readonly<Record<Label, string>>): void {
    this.#series.delete(this.#key(labels));
  }

  /** All series, in the shape of prom-client's metrics. */
  async get(): Promise<{ name: string; help: string; type: string; values: Value[] }> {
    const { name, help, type } = this;
    const values: Value[] = [];
    for (const { labels, durations } of this.#series.values()) {
      let count = 0;
      for (const [i, bound] of [...BOUNDS, '+Inf'].entries()) {
        count += durations.counts[i] as number;
        values.push({
          metricName: `${name}_bucket`,
          labels: { ...labels, le: bound },
          value: count,
        });
      }
      values.push({ metricName: `${name}_sum`, labels, value: durations.sum });
      values.push({ metricName: `${name}_count`, labels, value: count });
    }
    return { name, help, type, values };
  }

  #key(labels: Readonly<Record<Label, string>>): string {
    return this.#labelNames.map((name) => labels[name]).join(' ');
  }
}
