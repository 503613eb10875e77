import { nextCooldownMs } from './schedule.ts';
import type { StoredCooldown } from './stores/store.ts';
import type { Token } from './token.ts';

/**
 * Tokens that rejections may obtain in a row before one of them has served a replay. More than one,
 * because what cannot be replayed (an upload, a client that has gone) never shows what came of it.
 */
const UNPROVEN = 4;
/** Replays of requests that were rejected together have their answers within this. */
const TOGETHER_MS = 30_000;

/**
 * Keeps one endpoint that always answers 40001 from burning the daily quota.
 *
 * A token that was rejected again right after it had been fetched for a replay is not the problem.
 * From then on rejections of that generation fetch nothing until the cool-down ends; each next one
 * is longer. Only a successful replay with a *newer* token shows that fetching helps, and resets it:
 * a replay that succeeds with the cooling generation itself says that the token was good all along.
 */
export class Cooldown {
  #generation = 0;
  #untilMs = 0;
  #lengthMs = 0;
  #unproven = 0;
  /** What a reset has ended, and which generation spoke for it. */
  #ended = { generation: 0, lengthMs: 0, atMs: 0 };
  /** The cooling generation was never replayed with: a replay that succeeds speaks for it. */
  #onTrial = false;

  /**
   * How long rejections of `token` fetch nothing; 0: they may.
   * @param monotonicMs the monotonic clock, as in all methods here
   */
  remainingMs(token: Token, monotonicMs: number): number {
    if (token.generation !== this.#generation) return 0;
    return Math.max(this.#untilMs - monotonicMs, 0);
  }

  /**
   * A rejection has brought `token`.
   * @returns the length of the cool-down that begins, because no replay shows what so many were
   * good for; else 0
   */
  obtained(token: Token, monotonicMs: number): number {
    this.#unproven += 1;
    if (this.#unproven <= UNPROVEN) return 0;
    const lengthMs = this.begin(token, monotonicMs);
    this.#onTrial = lengthMs > 0;
    return lengthMs;
  }

  /** `token` is no help: rejected on a replay too. @returns the cool-down's length, 0 if one runs already. */
  begin(token: Token, monotonicMs: number): number {
    if (token.generation < this.#generation) return 0;
    this.#onTrial = false;
    if (this.remainingMs(token, monotonicMs) > 0) return 0;
    // The same fresh token served one endpoint and was rejected by another: nothing has got better.
    const { generation, lengthMs, atMs } = this.#ended;
    const hasNot = generation === token.generation && monotonicMs - atMs < TOGETHER_MS;
    this.#lengthMs = nextCooldownMs(Math.max(this.#lengthMs, hasNot ? lengthMs : 0));
    this.#generation = token.generation;
    this.#untilMs = monotonicMs + this.#lengthMs;
    return this.#lengthMs;
  }

  /** The replay with `token` succeeded. @returns whether that ended what had begun */
  reset(token: Token, monotonicMs: number): boolean {
    const isProof =
      token.generation > this.#generation ||
      (this.#onTrial && token.generation === this.#generation);
    if (!isProof) return false;
    const hadBegun = this.#lengthMs > 0;
    if (hadBegun) {
      const { generation } = token;
      this.#ended = { generation, lengthMs: this.#lengthMs, atMs: monotonicMs };
    }
    this.#unproven = 0;
    this.#lengthMs = 0;
    this.#untilMs = 0;
    return hadBegun;
  }

  /** Another replica has begun one. @param remainingMs of it */
  adopt({ generation, lengthMs }: StoredCooldown, remainingMs: number, monotonicMs: number): void {
    this.#generation = generation;
    this.#lengthMs = lengthMs;
    this.#untilMs = monotonicMs + remainingMs;
    this.#onTrial = false;
  }
}
