import { LRUCache } from 'lru-cache';
import type { Account, Credentials } from './account.ts';

/** Which accounts there are. Replaced as a whole when the accounts file changes. */
export interface ConfiguredAccounts {
  readonly size: number;
  has(appid: string): boolean;
  /** An idle account may be no more than a line of a file until it is asked for here. */
  get(appid: string): Credentials | undefined;
  /** The account of calls that name none. */
  readonly defaultAppid: string | undefined;
}

interface AccountRegistryOptions {
  /** Accounts held active at a time; raised to the number of configured ones, else tokens thrash. */
  readonly maxActive: number;
  /**
   * Brings an account into use. Called once per account until it is dropped again.
   * @param current its credentials as they are at the moment of the call: a secret may change
   */
  readonly activate: (current: () => Credentials) => Account;
  /** An account goes out of use: evicted, removed from the configuration, or at the end. */
  readonly dispose: (account: Account) => void;
}

/** Which accounts there are, and which of them are in use. */
export class AccountRegistry {
  readonly #options: AccountRegistryOptions;
  #configured: ConfiguredAccounts;
  #active: LRUCache<string, Account>;

  constructor(configured: ConfiguredAccounts, options: AccountRegistryOptions) {
    this.#options = options;
    this.#configured = configured;
    this.#active = this.#cache();
  }

  /** Whether the appid is configured; brings nothing into use. */
  has(appid: string): boolean {
    return this.#configured.has(appid);
  }

  /** What is configured for the appid; brings nothing into use. */
  credentials(appid: string): Credentials | undefined {
    return this.#configured.get(appid);
  }

  /** The account, brought into use where it was not. */
  get(appid: string): Account | undefined {
    const active = this.#active.get(appid);
    if (active !== undefined) return active;
    const credentials = this.#configured.get(appid);
    if (credentials === undefined) return undefined;
    const account = this.#options.activate(() => this.#configured.get(appid) ?? credentials);
    this.#active.set(account.appid, account);
    return account;
  }

  /** The account if it is in use; brings nothing into use, and keeps nothing in it. */
  inUse(appid: string): Account | undefined {
    return this.#active.peek(appid);
  }

  get defaultAppid(): string | undefined {
    return this.#configured.defaultAppid;
  }

  /** The account of calls that name none. */
  get default(): Account | undefined {
    const { defaultAppid } = this;
    return defaultAppid === undefined ? undefined : this.get(defaultAppid);
  }

  /** How many accounts are in use. */
  get activeCount(): number {
    return this.#active.size;
  }

  /** The accounts in use, most recently used first. @param most no more than these */
  active(most = Infinity): Account[] {
    const found: Account[] = [];
    for (const account of this.#active.values()) {
      if (found.length === most) break;
      found.push(account);
    }
    return found;
  }

  /**
   * Takes over a changed configuration: new accounts appear, removed ones go out of use, a changed
   * secret counts from the next token call on. What did not change is not disturbed.
   */
  replace(configured: ConfiguredAccounts): void {
    const before = this.#configured;
    this.#configured = configured;
    for (const account of this.active()) {
      const now = this.#configured.get(account.appid);
      if (now === undefined || now.tokenApi !== before.get(account.appid)?.tokenApi) {
        this.#active.delete(account.appid);
      } else account.tokens.credentialsChanged();
    }
    if (this.#configured.size > this.#active.max) this.#grow();
  }

  close(): void {
    this.#active.clear();
  }

  #cache(): LRUCache<string, Account> {
    return new LRUCache({
      max: Math.max(this.#options.maxActive, this.#configured.size, 1),
      dispose: (account) => this.#options.dispose(account),
    });
  }

  /** An LRUCache cannot grow; its entries move to a larger one without being disposed of. */
  #grow(): void {
    const larger = this.#cache();
    larger.load(this.#active.dump());
    this.#active = larger;
  }
}
