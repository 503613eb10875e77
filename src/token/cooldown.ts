import { nextCooldownMs } from './schedule.ts';
import type { StoredCooldown } from './stores/store.ts';
import type { Token } from './token.ts';

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

  /** @param monotonicMs the monotonic clock, as in all methods here */
  covers(token: Token, monotonicMs: number): boolean {
    return token.generation === this.#generation && monotonicMs < this.#untilMs;
  }

  /** The replay with `token` was rejected too. @returns the cool-down's length, 0 if one runs already. */
  begin(token: Token, monotonicMs: number): number {
    if (token.generation < this.#generation || this.covers(token, monotonicMs)) return 0;
    this.#lengthMs = nextCooldownMs(this.#lengthMs);
    this.#generation = token.generation;
    this.#untilMs = monotonicMs + this.#lengthMs;
    return this.#lengthMs;
  }

  /** The replay with `token` succeeded. @returns whether that ended what had begun */
  reset(token: Token): boolean {
    if (token.generation <= this.#generation || this.#lengthMs === 0) return false;
    this.#lengthMs = 0;
    this.#untilMs = 0;
    return true;
  }

  /** Another replica has begun one. @param remainingMs of it */
  adopt({ generation, lengthMs }: StoredCooldown, remainingMs: number, monotonicMs: number): void {
    this.#generation = generation;
    this.#lengthMs = lengthMs;
    this.#untilMs = monotonicMs + remainingMs;
  }
}
