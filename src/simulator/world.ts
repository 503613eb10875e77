import { AccountTokens, type TokenOwners } from './account-tokens.ts';
import { newCounts, newTokenCallCounts, type Counts } from './counts.ts';
import { Faults } from './faults.ts';
import { QuotaMeter } from './quota.ts';
import { Recent } from './recent.ts';
import { Refusals } from './refusals.ts';
import { changeRules, type Rules } from './rules.ts';

const REMEMBERED_CODES = 10_000;
const REMEMBERED_USER_TOKENS = 10_000;

/** An official account or mini program as WeChat knows it. */
export interface Account {
  readonly appid: string;
  appsecret: string;
  readonly tokens: AccountTokens;
  readonly quotas: {
    readonly token: QuotaMeter;
    readonly stable: QuotaMeter;
    readonly api: QuotaMeter;
  };
  /** One-time codes already exchanged. */
  readonly usedCodes: Recent<string, true>;
}

/** What a user's OAuth token stands for. `expiresAt` is epoch ms. */
export interface UserGrant {
  readonly appid: string;
  readonly openid: string;
  readonly expiresAt: number;
}

/** Everything the simulated WeChat remembers. Requests read and change it; nothing else holds state. */
export class World {
  readonly now: () => number;
  readonly accounts = new Map<string, Account>();
  readonly owners: TokenOwners = new Map();
  readonly faults = new Faults();
  readonly rejections = new Refusals(40001);
  readonly tokenRefusals = new Refusals(-1);
  /** Answers that wait for `release`. */
  readonly held = new Set<() => void>();
  userTokens = new Recent<string, UserGrant>(REMEMBERED_USER_TOKENS);
  refreshTokens = new Recent<string, UserGrant>(REMEMBERED_USER_TOKENS);
  rules: Rules;
  counts: Counts;
  readonly #firstRules: Rules;
  readonly #firstAccounts: Readonly<Record<string, string>>;

  constructor(accounts: Readonly<Record<string, string>>, rules: Rules, now: () => number) {
    this.now = now;
    this.rules = rules;
    this.#firstRules = rules;
    this.#firstAccounts = accounts;
    this.counts = newCounts([]);
    this.#addFirstAccounts();
  }

  /** @throws {RangeError} naming every rule that is unknown or out of range */
  change(changes: Readonly<Partial<Rules>>): void {
    this.rules = changeRules(this.rules, changes);
  }

  /** Gives an account a new AppSecret; an unknown appid becomes an account. */
  setSecret(appid: string, appsecret: string): void {
    const known = this.accounts.get(appid);
    if (known) {
      known.appsecret = appsecret;
      return;
    }
    this.counts.accounts[appid] ??= newTokenCallCounts();
    this.accounts.set(appid, {
      appid,
      appsecret,
      tokens: new AccountTokens(appid, this.owners, this.now, () => this.rules),
      quotas: { token: new QuotaMeter(), stable: new QuotaMeter(), api: new QuotaMeter() },
      usedCodes: new Recent(REMEMBERED_CODES),
    });
  }

  clearCounts(): void {
    this.counts = newCounts(this.accounts.keys());
  }

  /** Back to the first moment: no token is known, no script is pending, all counts are zero. */
  reset(): void {
    this.rules = this.#firstRules;
    for (const script of [this.faults, this.rejections, this.tokenRefusals]) script.clear();
    this.accounts.clear();
    this.owners.clear();
    this.userTokens = new Recent(REMEMBERED_USER_TOKENS);
    this.refreshTokens = new Recent(REMEMBERED_USER_TOKENS);
    this.#addFirstAccounts();
    this.clearCounts();
  }

  #addFirstAccounts(): void {
    for (const [appid, appsecret] of Object.entries(this.#firstAccounts)) {
      this.setSecret(appid, appsecret);
    }
  }
}
