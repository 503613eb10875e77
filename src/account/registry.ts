import { LRUCache } from 'lru-cache';
import type { Account, Credentials } from './account.ts';

export interface AccountRegistryOptions {
  readonly configured: readonly Credentials[];
  /** The account of calls that name none. */
  readonly defaultAppid: string | undefined;
  /** Accounts held active at a time; raised to the number of configured ones, else tokens thrash. */
  readonly maxActive: number;
  /** Brings an account into use. Called once per account until it is dropped again. */
  readonly activate: (credentials: Credentials) => Account;
  /** An account goes out of use: evicted, removed from the configuration, or at the end. */
  readonly dispose: (account: Account) => void;
}

/** Which accounts there are, and which of them are in use. */
export class AccountRegistry {
  readonly #configured: ReadonlyMap<string, Credentials>;
  readonly #active: LRUCache<string, Account>;
  readonly #options: AccountRegistryOptions;

  constructor(options: AccountRegistryOptions) {
    this.#options = options;
    this.#configured = new Map(options.configured.map((entry) => [entry.appid, entry]));
    this.#active = new LRUCache({
      max: Math.max(options.maxActive, options.configured.length, 1),
      dispose: (account) => options.dispose(account),
    });
  }

  /** Whether the appid is configured; brings nothing into use. */
  has(appid: string): boolean {
    return this.#configured.has(appid);
  }

  /** The account, brought into use where it was not. */
  get(appid: string): Account | undefined {
    const active = this.#active.get(appid);
    if (active !== undefined) return active;
    const credentials = this.#configured.get(appid);
    if (credentials === undefined) return undefined;
    const account = this.#options.activate(credentials);
    this.#active.set(appid, account);
    return account;
  }

  /** The account of calls that name none. */
  get default(): Account | undefined {
    return this.#options.defaultAppid === undefined
      ? undefined
      : this.get(this.#options.defaultAppid);
  }

  /** The accounts in use, most recently used first. */
  active(): Account[] {
    return [...this.#active.values()];
  }

  close(): void {
    this.#active.clear();
  }
}
