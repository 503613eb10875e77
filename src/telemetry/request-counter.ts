import { HotMetric, type Sample } from './hot-metric.ts';

/** One series: what a request adds to when it ends. */
class Count {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }
}

export class RequestCounter<Label extends string> extends HotMetric<Label, Count> {
  readonly type = 'counter';

  protected begin(): Count {
    return new Count();
  }

  protected samples({ value }: Count, labels: Readonly<Record<Label, string>>): Sample[] {
    return [{ metricName: this.name, labels, value }];
  }
}
