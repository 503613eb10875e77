import { AccountTokens } from '../../../src/simulator/account-tokens.ts';
import { DEFAULT_RULES, type Rules } from '../../../src/simulator/rules.ts';
import type { TokenFailure } from '../../../src/telemetry/labels.ts';
import type { Clock } from '../../../src/token/clock.ts';
import {
  TokenCallError,
  type IssuedToken,
  type TokenRequest,
  type TokenSource,
} from '../../../src/token/sources/source.ts';
import type { Token } from '../../../src/token/token.ts';

export interface TokenCall {
  /** Monotonic ms. */
  readonly atMs: number;
  readonly force: boolean;
}

/**
 * WeChat as a source without sockets, under the simulator's rules. Its time is the monotonic clock:
 * setting the proxy's wall clock does not move it.
 */
export class FakeWechat implements TokenSource {
  readonly name: 'stable_token' | 'token';
  readonly rotates: boolean;
  readonly canForce: boolean;
  readonly calls: TokenCall[] = [];
  readonly tokens: AccountTokens;
  rules: Rules;
  /** How long a call takes; WeChat acts in the middle of it. */
  latencyMs = 0;
  /** Calls at work, and the most there ever were at a time. */
  inFlight = 0;
  mostInFlight = 0;
  /** Replaces the answer while it is set. */
  answer: ((request: TokenRequest) => IssuedToken | Promise<IssuedToken>) | undefined;

  readonly #clock: Clock;

  constructor(api: 'stable_token' | 'token', clock: Clock, rules: Partial<Rules> = {}) {
    this.name = api;
    this.rotates = api === 'token';
    this.canForce = api === 'stable_token';
    this.#clock = clock;
    this.rules = { ...DEFAULT_RULES, ...rules };
    this.tokens = new AccountTokens(
      'wx1',
      new Map(),
      () => Date.parse('2026-05-01T04:00:00Z') + clock.monotonic(),
      () => this.rules,
    );
  }

  async fetch(request: TokenRequest): Promise<IssuedToken> {
    this.calls.push({ atMs: this.#clock.monotonic(), force: request.force });
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      await this.#pass(this.latencyMs / 2);
      const issued = this.answer === undefined ? this.#grant(request) : await this.answer(request);
      await this.#pass(this.latencyMs / 2);
      return issued;
    } finally {
      this.inFlight -= 1;
    }
  }

  /** Calls since the monotonic moment, forced ones only where `force` says so. */
  callsSince(atMs: number, { force }: { force?: boolean } = {}): number {
    return this.calls.filter(
      (call) => call.atMs >= atMs && (force === undefined || call.force === force),
    ).length;
  }

  /** From now on every call fails. */
  fail(reason: TokenFailure, message = `it failed: ${reason}`, errcode?: number): void {
    this.answer = () => {
      throw new TokenCallError(reason, message, errcode === undefined ? {} : { errcode });
    };
  }

  /** From now on calls wait. @returns what lets them all go, answered as usual */
  hold(): () => void {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.answer = async (request) => {
      await released;
      return this.#grant(request);
    };
    return () => {
      this.answer = undefined;
      release();
    };
  }

  mend(): void {
    this.answer = undefined;
  }

  /** Somebody else takes a new token; `overlapMs` says how long the old one still works. */
  rotate(): void {
    this.tokens.rotate(this.name);
  }

  accepts(token: Token): boolean {
    return this.tokens.judge(token.value) === 'good';
  }

  #grant({ force }: TokenRequest): IssuedToken {
    const granted = this.rotates ? this.tokens.classic() : this.tokens.stable(force);
    return { value: granted.value, expiresInMs: granted.expiresInSeconds * 1000 };
  }

  #pass(ms: number): Promise<void> | void {
    if (ms > 0) return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }
}
