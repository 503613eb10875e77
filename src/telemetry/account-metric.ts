import type { Metric, Registry } from 'prom-client';
import type { AccountSeries, LabelSet } from './account-series.ts';
import type { Readable, Sample } from './exposition.ts';

/** Where account metrics belong. */
export interface AccountMetricPlace {
  readonly registry: Registry;
  /** Whose series are shown. */
  readonly accounts: Iterable<AccountSeries>;
  /** Zeroes are shown only of accounts that have tokens. */
  readonly ofTokens: boolean;
}

interface AccountMetricOptions<Label extends string> {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  /** Besides `appid`. */
  readonly labelNames: readonly Label[];
  /** Shown from the beginning: alerts on what is not there never fire. */
  readonly zeroes: readonly LabelSet<Label>[];
}

/**
 * A metric with series for each account, registered beside prom-client's. Those check and hash their
 * labels at each write and keep each series whole; here a series is an object to write to, and what
 * was not written to is no more than a line of the text.
 */
export abstract class AccountMetric<
  Label extends string,
  Series extends object,
> implements Readable {
  abstract readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly #labelNames: readonly Label[];
  readonly #place: AccountMetricPlace;
  /** Those shown from the beginning and those that were ever written to, by their values. */
  readonly #labelSets = new Map<string, LabelSet<Label>>();
  readonly #zeroes: ReadonlySet<LabelSet<Label>>;

  constructor(place: AccountMetricPlace, is: AccountMetricOptions<Label>) {
    this.name = `wxproxy_${is.name}`;
    this.help = is.help;
    this.#labelNames = is.labelNames;
    this.#place = place;
    this.#zeroes = new Set(is.zeroes.map((labels) => this.#shared(labels)));
    place.registry.registerMetric(this as unknown as Metric);
  }

  protected abstract begin(): Series;
  protected abstract samples(series: Series, labels: Readonly<Record<string, string>>): Sample[];

  /** The account's series of these labels. @returns undefined once its series were dropped */
  of(account: AccountSeries, labels: LabelSet<Label>): Series | undefined {
    // What is kept by an object of this metric is this metric's.
    return account.begun(this.#shared(labels), () => this.begin()) as Series | undefined;
  }

  /** All series, in the shape of prom-client's metrics, one by one: there may be a million. */
  async get(): ReturnType<Readable['get']> {
    const { name, help, type } = this;
    return { name, help, type, values: this.#all() };
  }

  *#all(): Iterable<Sample> {
    const zero = this.begin();
    // Others get their turn in between: an account may be dropped, and one of the same appid may come.
    const accounts = [...this.#place.accounts];
    for (const account of accounts) {
      const { appid } = account;
      const hasZeroes = account.hasTokens || !this.#place.ofTokens;
      for (const labels of this.#labelSets.values()) {
        if (account.isDropped) break;
        const series = account.at(labels) as Series | undefined;
        if (series === undefined && !(hasZeroes && this.#zeroes.has(labels))) continue;
        yield* this.samples(series ?? zero, { appid, ...labels });
      }
    }
  }

  #shared(labels: LabelSet<Label>): LabelSet<Label> {
    const key = this.#labelNames.map((name) => labels[name]).join(' ');
    const known = this.#labelSets.get(key);
    if (known !== undefined) return known;
    // Of this metric alone: accounts find their series of all metrics by these objects.
    const own = { ...labels };
    this.#labelSets.set(key, own);
    return own;
  }
}
