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
  /** One that comes back starts at what it has counted so far: when it did, nobody knows. */
  readonly #seen = new WeakSet<Account>();

  /** Call once per interval. Who is not among them loses its history. */
  sample(accounts: readonly Account[]): void {
    const kept = new Map<Account, Histories>();
    for (const account of accounts) {
      const { requestCount, replayCount } = account.metrics;
      const histories = this.#kept.get(account) ?? this.#begin(account);
      histories.requests.sample(requestCount);
      histories.replays.sample(replayCount);
      kept.set(account, histories);
    }
    this.#kept = kept;
  }

  /** Counts per interval, oldest first. */
  of(account: Account): { readonly requests: number[]; readonly replays: number[] } {
    const { requests, replays } = this.#kept.get(account) ?? EMPTY;
    return { requests: requests.points(), replays: replays.points() };
  }

  #begin(account: Account): Histories {
    const { requestCount, replayCount } = account.metrics;
    const isNew = !this.#seen.has(account);
    this.#seen.add(account);
    return {
      requests: new History(isNew ? 0 : requestCount),
      replays: new History(isNew ? 0 : replayCount),
    };
  }
}

const EMPTY: Histories = { requests: new History(), replays: new History() };
