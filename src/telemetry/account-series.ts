/** What a metric, prom-client's or a `HotMetric`, offers for series of its own. */
interface LabelledMetric<Label extends string, Bound> {
  labels(labels: Readonly<Record<Label, string>>): Bound;
  remove(labels: Readonly<Record<Label, string>>): void;
}

/** All but the one that every series here has. */
type Labels<Label extends string> = Readonly<Record<Exclude<Label, 'appid'>, string>>;

/**
 * One account's series in one metric. Each label set is bound once: some are written on the path of a
 * request. All go together, without a search among those of the other accounts, and what a
 * request that was under way still writes afterwards is lost: it would bring the series back.
 */
export class AccountSeries<Label extends string, Bound extends object> {
  readonly #metric: LabelledMetric<Label, Bound>;
  readonly #appid: string;
  /** Those only shown so far are not bound yet: most never are. */
  readonly #series = new Map<string, { readonly labels: Record<Label, string>; bound?: Bound }>();
  #dropped = false;

  constructor(metric: LabelledMetric<Label, Bound>, appid: string) {
    this.#metric = metric;
    this.#appid = appid;
  }

  /** @returns undefined once they were dropped */
  of(labels: Labels<Label>): Bound | undefined {
    if (this.#dropped) return undefined;
    const series = this.#at(labels);
    return (series.bound ??= this.#metric.labels(series.labels));
  }

  /** Shows the series, at zero, before anything happened. */
  begin(labels: Labels<Label>): void {
    // Asking for it is enough with a histogram; counters and gauges show what was added to.
    const bound: { inc?(by: number): void } = this.#metric.labels(this.#at(labels).labels);
    bound.inc?.(0);
  }

  #at(labels: Labels<Label>): { readonly labels: Record<Label, string>; bound?: Bound } {
    const key = Object.values(labels).join(' ');
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series = { labels: { ...labels, appid: this.#appid } as Record<Label | 'appid', string> };
    this.#series.set(key, series);
    return series;
  }

  drop(): void {
    this.#dropped = true;
    for (const { labels } of this.#series.values()) this.#metric.remove(labels);
    this.#series.clear();
  }
}
