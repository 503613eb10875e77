/** The values of a metric's labels, the appid aside. */
export type LabelSet<Label extends string = string> = Readonly<Record<Label, string>>;

/**
 * One account's series in all metrics, as far as something was written to them: of the dozens that are
 * shown, most stay at zero, and of thousands of accounts those would fill the memory.
 */
export class AccountSeries {
  readonly appid: string;
  /** Not the one that stands for calls without an account. */
  readonly hasTokens: boolean;
  readonly #among: Set<AccountSeries>;
  /** By the metric's own object for the labels, which all accounts share. */
  #written: Map<LabelSet, object> | undefined = new Map();

  /** @param among the accounts that metrics show; it is one of them until it is dropped */
  constructor(appid: string, among: Set<AccountSeries>, hasTokens: boolean) {
    this.appid = appid;
    this.hasTokens = hasTokens;
    this.#among = among;
    among.add(this);
  }

  get isDropped(): boolean {
    return this.#written === undefined;
  }

  at(labels: LabelSet): object | undefined {
    return this.#written?.get(labels);
  }

  /**
   * The one there is, else the one that `begin` makes.
   * @returns undefined once they were dropped: what a request that was under way still writes would
   * bring the series back
   */
  begun(labels: LabelSet, begin: () => object): object | undefined {
    const known = this.at(labels);
    if (known !== undefined || this.#written === undefined) return known;
    const series = begin();
    this.#written.set(labels, series);
    return series;
  }

  /** The account is no longer in use: metrics show nothing of it any more. */
  drop(): void {
    this.#written = undefined;
    this.#among.delete(this);
  }
}
