import type { Account } from '../account/account.ts';
import { History } from '../telemetry/history.ts';

interface Histories {
  readonly requests: History;
  readonly replays: History;
}

/**
 * The last minutes of the accounts that were used most recently. Not of all: to look at thousands every few
 * seconds costs more than all else that the proxy does beside requests, and a page shows some dozens.
 */
export class AccountHistories {
  #kept: ReadonlyMap<Account, Histories> = new Map();
  /** Whether nobody was left out the last time: who is not kept has then come into use since. */
  #wereAll = true;

  /**
   * Call once per interval. Who is not among them loses its history.
   * @param areAll whether no others are in use
   */
  sample(accounts: readonly Account[], areAll: boolean): void {
    const kept = new Map<Account, Histories>();
    for (const account of accounts) {
      const { requestCount, replayCount } = account.metrics;
      const histories = this.#kept.get(account) ?? this.#begin(account);
      histories.requests.sample(requestCount);
      histories.replays.sample(replayCount);
      kept.set(account, histories);
    }
    this.#kept = kept;
    this.#wereAll = areAll;
  }

  /** Counts per interval, oldest first. */
  of(account: Account): { readonly requests: number[]; readonly replays: number[] } {
    const { requests, replays } = this.#kept.get(account) ?? EMPTY;
    return { requests: requests.points(), replays: replays.points() };
  }

  /** At what it has counted so far where that may be old: when it did, nobody knows. */
  #begin({ metrics: { requestCount, replayCount } }: Account): Histories {
    return {
      requests: new History(this.#wereAll ? 0 : requestCount),
      replays: new History(this.#wereAll ? 0 : replayCount),
    };
  }
}

const EMPTY: Histories = { requests: new History(), replays: new History() };
