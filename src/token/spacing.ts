import { nextCooldownMs } from './schedule.ts';

/** Lets something happen ever more rarely while it is asked for again and again. */
export class Spacing {
  #lastMs = -Infinity;
  #lengthMs = 0;

  /**
   * Whether it may happen now; then the next one may not before 30 s, 60 s … 15 min have passed.
   * After twice the last spacing without any it begins anew.
   * @param monotonicMs the monotonic clock
   */
  take(monotonicMs: number): boolean {
    const sinceMs = monotonicMs - this.#lastMs;
    if (sinceMs < this.#lengthMs) return false;
    this.#lengthMs = nextCooldownMs(sinceMs < 2 * this.#lengthMs ? this.#lengthMs : 0);
    this.#lastMs = monotonicMs;
    return true;
  }
}
