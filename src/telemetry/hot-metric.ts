import type { Metric, Registry } from 'prom-client';

/** One sample, in the shape of prom-client's. */
export interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

type Labels<Label extends string> = Readonly<Record<Label, string>>;

/**
 * A metric that every request writes to, registered beside prom-client's. Those check and hash their labels
 * anew each time, bound or not; here a series is an object to add to.
 */
export abstract class HotMetric<Label extends string, Series> {
  abstract readonly type: 'counter' | 'histogram';
  readonly name: string;
  readonly help: string;

  readonly #labelNames: readonly Label[];
  readonly #series = new Map<string, { readonly labels: Labels<Label>; readonly series: Series }>();

  constructor(name: string, help: string, labelNames: readonly Label[], registry: Registry) {
    this.name = name;
    this.help = help;
    this.#labelNames = labelNames;
    registry.registerMetric(this as unknown as Metric);
  }

  protected abstract begin(): Series;
  protected abstract samples(series: Series, labels: Labels<Label>): Sample[];

  /** The series of these labels; begins at zero. */
  labels(labels: Labels<Label>): Series {
    const key = this.#key(labels);
    const known = this.#series.get(key);
    if (known !== undefined) return known.series;
    const series = this.begin();
    this.#series.set(key, { labels, series });
    return series;
  }

  remove(labels: Labels<Label>): void {
    this.#series.delete(this.#key(labels));
  }

  /** All series, in the shape of prom-client's metrics. */
  async get(): Promise<{ name: string; help: string; type: string; values: Sample[] }> {
    const { name, help, type } = this;
    const all = [...this.#series.values()];
    return { name, help, type, values: all.flatMap((one) => this.samples(one.series, one.labels)) };
  }

  #key(labels: Labels<Label>): string {
    return this.#labelNames.map((name) => labels[name]).join(' ');
  }
}
