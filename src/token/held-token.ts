import type { Clock } from './clock.ts';
import type { NewToken } from './new-token.ts';
import { refreshLeadMs, unchangedRetryMs } from './schedule.ts';
import type { Token } from './token.ts';

type Dated = Pick<NewToken, 'token' | 'deadlineMs'>;

interface HowObtained {
  readonly windowMs: number;
  /** In [0, 1). */
  readonly random: number;
  readonly isReplacement: boolean;
}

interface Times {
  readonly issuedAt: number;
  readonly isReplacement: boolean;
  readonly issuedMs: number;
  readonly deadlineMs: number;
  readonly leadMs: number;
  /** After "unchanged": not asked for again before so little (ms) of its life is left. */
  readonly askedAtRemainingMs: number;
}

/**
 * The token in hand and its time. All of it goes by the earlier of both clocks: the wall clock may
 * be set, and the monotonic one stands still while the machine sleeps.
 */
export class HeldToken {
  readonly token: Token;
  /** Epoch ms when this process obtained the value. */
  readonly issuedAt: number;
  /** It was fetched because the one before it was rejected. */
  readonly isReplacement: boolean;
  readonly #clock: Clock;
  readonly #issuedMs: number;
  readonly #deadlineMs: number;
  readonly #leadMs: number;
  /** When it is due for renewal: epoch ms, and monotonic ms. */
  readonly #dueAt: number;
  readonly #dueMs: number;

  private constructor(clock: Clock, token: Token, is: Times) {
    this.#clock = clock;
    this.token = token;
    this.issuedAt = is.issuedAt;
    this.isReplacement = is.isReplacement;
    this.#issuedMs = is.issuedMs;
    this.#deadlineMs = is.deadlineMs;
    this.#leadMs = is.leadMs;
    const dueAtRemainingMs = Math.min(is.leadMs, is.askedAtRemainingMs);
    this.#dueAt = token.expiresAt - dueAtRemainingMs;
    this.#dueMs = is.deadlineMs - dueAtRemainingMs;
  }

  static obtained(
    clock: Clock,
    { token, deadlineMs }: Dated,
    { windowMs, random, isReplacement }: HowObtained,
  ): HeldToken {
    const issuedMs = clock.monotonic();
    return new HeldToken(clock, token, {
      issuedAt: clock.now(),
      isReplacement,
      issuedMs,
      deadlineMs,
      leadMs: refreshLeadMs(windowMs, Math.max(deadlineMs - issuedMs, 0), random),
      askedAtRemainingMs: Infinity,
    });
  }

  /** The same value was given again, with what is left of its life. */
  again({ token, deadlineMs }: Dated): HeldToken {
    const remainingMs = deadlineMs - this.#clock.monotonic();
    return new HeldToken(this.#clock, token, {
      issuedAt: this.issuedAt,
      isReplacement: this.isReplacement,
      issuedMs: this.#issuedMs,
      deadlineMs,
      leadMs: this.#leadMs,
      askedAtRemainingMs: Math.max(remainingMs - unchangedRetryMs(remainingMs), 0),
    });
  }

  get remainingMs(): number {
    return Math.min(
      this.token.expiresAt - this.#clock.now(),
      this.#deadlineMs - this.#clock.monotonic(),
    );
  }

  get isUsable(): boolean {
    return this.remainingMs > 0;
  }

  /** How long until it is due for renewal. */
  get untilDueMs(): number {
    const ms = Math.min(this.#dueAt - this.#clock.now(), this.#dueMs - this.#clock.monotonic());
    return Math.max(ms, 0);
  }

  get isDue(): boolean {
    return this.#clock.now() >= this.#dueAt || this.#clock.monotonic() >= this.#dueMs;
  }

  /** Since this process obtained the value. */
  get ageMs(): number {
    return this.#clock.monotonic() - this.#issuedMs;
  }
}
