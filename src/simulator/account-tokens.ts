import { TOKEN_APIS, type TokenApi } from '../wechat/token-endpoints.ts';
import { QuotaMeter } from './quota.ts';
import type { Rules } from './rules.ts';
import {
  EMPTY_LINE,
  issue,
  judge,
  revoke,
  type IssuedToken,
  type RevokeMode,
  type TokenLine,
  type TokenVerdict,
} from './token-line.ts';

/** A token as it goes over the wire: the remaining life is in whole seconds, at least 1. */
export interface GrantedToken {
  readonly value: string;
  readonly expiresInSeconds: number;
}

/** Whose token a value is: token value → appid. Holds no more than four values an account. */
export type TokenOwners = Map<string, string>;

/** One account's tokens under WeChat's rules. The clock and the rules in force are handed in. */
export class AccountTokens {
  readonly #appid: string;
  readonly #owners: TokenOwners;
  readonly #now: () => number;
  readonly #rules: () => Rules;
  /** The tokens of one API do not touch those of the other. */
  readonly #lines: Record<TokenApi, TokenLine> = { token: EMPTY_LINE, stable_token: EMPTY_LINE };
  readonly #forced = new QuotaMeter();
  #forcedAt = -Infinity;

  constructor(appid: string, owners: TokenOwners, now: () => number, rules: () => Rules) {
    this.#appid = appid;
    this.#owners = owners;
    this.#now = now;
    this.#rules = rules;
  }

  /** `GET /cgi-bin/token`: always a new token; the previous one works for the overlap. */
  classic(): GrantedToken {
    return this.#issue('token', this.#overlapMs());
  }

  /** `POST /cgi-bin/stable_token`: the current token, or a new one near its end or when forced. */
  stable(force: boolean): GrantedToken {
    const now = this.#now();
    const current = this.#lines.stable_token.current;
    if (current === undefined || now >= current.expiresAt) return this.#issue('stable_token', 0);
    if (force && this.#mayForce(now)) {
      this.#forcedAt = now;
      return this.#issue('stable_token', this.#rules().forceOverlapMs);
    }
    const remainingMs = current.expiresAt - now;
    if (remainingMs <= this.#overlapMs()) return this.#issue('stable_token', remainingMs);
    return this.#grant(current);
  }

  /** Somebody else takes a new token, whatever the limits on forcing. */
  rotate(api: TokenApi): GrantedToken {
    const keepMs = api === 'token' ? this.#overlapMs() : this.#rules().forceOverlapMs;
    return this.#issue(api, keepMs);
  }

  revoke(mode: RevokeMode): void {
    for (const api of TOKEN_APIS) {
      this.#replace(api, revoke(this.#lines[api], mode, this.#now()));
    }
  }

  judge(value: string): TokenVerdict {
    const now = this.#now();
    const stable = judge(this.#lines.stable_token, value, now);
    return stable === 'invalid' ? judge(this.#lines.token, value, now) : stable;
  }

  /** What is remembered of one token API's tokens. */
  line(api: TokenApi): TokenLine {
    return this.#lines[api];
  }

  #overlapMs(): number {
    const { overlapMs, lifetimeMs } = this.#rules();
    return Math.min(overlapMs, lifetimeMs / 2);
  }

  #mayForce(now: number): boolean {
    const { forceSpacingMs, forcePerDay } = this.#rules();
    if (now - this.#forcedAt < forceSpacingMs) return false;
    return this.#forced.take(now, forcePerDay, null) === 0;
  }

  #issue(api: TokenApi, keepMs: number): GrantedToken {
    const line = issue(this.#lines[api], this.#now(), this.#rules().lifetimeMs, keepMs);
    this.#replace(api, line);
    return this.#grant(line.current as IssuedToken);
  }

  #replace(api: TokenApi, line: TokenLine): void {
    const before = this.#lines[api];
    this.#lines[api] = line;
    for (const token of [before.current, before.previous]) {
      if (token) this.#owners.delete(token.value);
    }
    for (const token of [line.current, line.previous]) {
      if (token) this.#owners.set(token.value, this.#appid);
    }
  }

  #grant(token: IssuedToken): GrantedToken {
    const seconds = Math.floor((token.expiresAt - this.#now()) / 1000);
    return { value: token.value, expiresInSeconds: Math.max(1, seconds) };
  }
}
