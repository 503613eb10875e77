import type { AccountMetrics } from '../telemetry/account-metrics.ts';
import type { ReplayOutcome } from '../telemetry/labels.ts';
import type { Clock } from './clock.ts';
import { Cooldown } from './cooldown.ts';
import type { HeldToken } from './held-token.ts';
import type { NewToken } from './new-token.ts';
import { Spacing } from './spacing.ts';
import type { StoredCooldown, TokenStore } from './stores/store.ts';
import type { TokenLog } from './token-log.ts';
import type { Token } from './token.ts';

interface RejectionsOptions {
  readonly appid: string;
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly metrics: AccountMetrics;
  readonly log: TokenLog;
}

/** What rejections of one account's tokens have come to, and so whether another one may fetch. */
export class Rejections {
  readonly #options: RejectionsOptions;
  /** After a fresh token was rejected too. */
  readonly #cooldown = new Cooldown();
  /** After the source had no other token to give than the rejected one. */
  readonly #stuck = new Cooldown();
  /** After a fetch for what cannot be replayed: nothing will show whether it helped. */
  readonly #once = new Spacing();
  #conflictGeneration = 0;

  constructor(options: RejectionsOptions) {
    this.#options = options;
  }

  /** Whether a rejection of the token may fetch nothing now. */
  isCooling(token: Token): boolean {
    const now = this.#options.clock.monotonic();
    return this.#cooldown.remainingMs(token, now) > 0 || this.#stuck.remainingMs(token, now) > 0;
  }

  /** Whether a rejected request that cannot be replayed may fetch now; the next may only later. */
  takeOnce(): boolean {
    return this.#once.take(this.#options.clock.monotonic());
  }

  /** Somebody else has retired the token: with a source whose every call does that, and in mid-life. */
  conflict({ token, remainingMs }: HeldToken): void {
    if (this.#conflictGeneration === token.generation) return;
    this.#conflictGeneration = token.generation;
    this.#options.metrics.conflict();
    this.#options.log.conflict(remainingMs);
  }

  /** What a refresh has brought. @param forReplay a rejected request waits for it */
  brought({ token, outcome, stuck }: NewToken, { forReplay }: { forReplay: boolean }): void {
    const now = this.#options.clock.monotonic();
    if (stuck !== undefined) {
      const lengthMs = this.#stuck.begin(token, now);
      if (lengthMs > 0) this.#options.log.coolingDown(token.generation, lengthMs, stuck);
    } else if (forReplay && outcome === 'fetched') {
      this.#begun(
        token,
        this.#cooldown.obtained(token, now),
        'token after token was fetched for rejected requests, and none has served a replay',
      );
    }
  }

  /** There is a token of a new value: the source is not stuck any more. */
  renewed(token: Token): void {
    this.#stuck.reset(token, this.#options.clock.monotonic());
  }

  /** @param isFresh the token was fetched because the one before it was rejected */
  replayed(token: Token, outcome: ReplayOutcome, isFresh: boolean): void {
    const now = this.#options.clock.monotonic();
    if (outcome === 'ok' && this.#cooldown.reset(token, now)) this.#share(undefined);
    // One that was adopted, or was there before, may have been retired meanwhile like the first.
    if (outcome !== 'rejected' || !isFresh) return;
    this.#begun(
      token,
      this.#cooldown.begin(token, now),
      'a fresh token was rejected too: the endpoint may want another kind of token',
    );
  }

  /** Another replica cools down. */
  adopt(cooldown: StoredCooldown): void {
    const { clock } = this.#options;
    this.#cooldown.adopt(cooldown, cooldown.until - clock.now(), clock.monotonic());
  }

  #begun({ generation }: Token, lengthMs: number, why: string): void {
    if (lengthMs === 0) return;
    this.#options.log.coolingDown(generation, lengthMs, why);
    this.#share({ generation, until: this.#options.clock.now() + lengthMs, lengthMs });
  }

  /** A fleet cools down as one. A store that fails changes nothing here. */
  #share(cooldown: StoredCooldown | undefined): void {
    const { store, appid, log } = this.#options;
    store.saveCooldown(appid, cooldown).catch((error: unknown) => log.cooldownNotStored(error));
  }
}
