/** What a counter, gauge or histogram of prom-client offers for series of its own. */
interface LabelledMetric<Label extends string, Bound> {
  labels(labels: Readonly<Record<Label, string>>): Bound;
  remove(labels: Readonly<Record<Label, string>>): void;
}

/** All but the one that every series here has. */
type Labels<Label extends string> = Readonly<Record<Exclude<Label, 'appid'>, string>>;

/**
 * One account's series in one metric. Each label set is bound once: they are written on the path of
 * every request. All go together, without a search among those of the other accounts, and what a
 * request that was under way still writes afterwards is lost: it would bring the series back.
 */
export class AccountSeries<Label extends string, Bound extends object> {
  readonly #metric: LabelledMetric<Label, Bound>;
  readonly #appid: string;
  readonly #bound = new Map<string, { labels: Record<Label, string>; series: Bound }>();
  #dropped = false;

  constructor(metric: LabelledMetric<Label, Bound>, appid: string) {
    this.#metric = metric;
    this.#appid = appid;
  }

  /** @returns undefined once they were dropped */
  of(labels: Labels<Label>): Bound | undefined {
    if (this.#dropped) return undefined;
    const key = Object.values(labels).join(' ');
    const known = this.#bound.get(key);
    if (known !== undefined) return known.series;
    const all = this.#all(labels);
    const series = this.#metric.labels(all);
    this.#bound.set(key, { labels: all, series });
    return series;
  }

  /** Shows the series, at zero, before anything happened. */
  begin(labels: Labels<Label>): void {
    const series: { inc?(by: number): void } | undefined = this.of(labels);
    series?.inc?.(0);
  }

  #all(labels: Labels<Label>): Record<Label, string> {
    return { ...labels, appid: this.#appid } as Record<Label | 'appid', string>;
  }

  drop(): void {
    this.#dropped = true;
    for (const { labels } of this.#bound.values()) this.#metric.remove(labels);
    this.#bound.clear();
  }
}
