import { DAILY_QUOTA, untilDailyQuotaMs } from '../wechat/errcodes.ts';
import type { Clock } from './clock.ts';
import { backoffMs, REFUSED_RETRY_MS } from './schedule.ts';
import type { TokenCallError } from './sources/source.ts';

/** Refreshes that failed in a row: how long nothing asks again, on whatever path. */
export class Outage {
  readonly #clock: Clock;
  readonly #random: () => number;
  #last: TokenCallError | undefined;
  #failures = 0;
  #retryAtMs = 0;
  #untold = 0;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The latest failure; undefined: the last refresh succeeded. */
  get last(): TokenCallError | undefined {
    return this.#last;
  }

  get failures(): number {
    return this.#failures;
  }

  /** How long nothing may ask; 0: it may. */
  get waitMs(): number {
    if (this.#last === undefined) return 0;
    return Math.max(this.#retryAtMs - this.#clock.monotonic(), 0);
  }

  /** Another one failed. @returns whether to tell: of the same kind the 1st, 2nd, 4th, 8th … */
  add(error: TokenCallError): boolean {
    const isNew = error.reason !== this.#last?.reason || error.errcode !== this.#last.errcode;
    this.#untold = isNew ? 1 : this.#untold + 1;
    this.#failures += 1;
    this.#last = error;
    this.#retryAtMs = this.#clock.monotonic() + this.#delayMs(error);
    return (this.#untold & (this.#untold - 1)) === 0;
  }

  end(): void {
    this.#last = undefined;
    this.#failures = 0;
  }

  #delayMs({ errcode, reason }: TokenCallError): number {
    if (errcode === DAILY_QUOTA) return untilDailyQuotaMs(this.#clock.now());
    if (reason === 'refused' || reason === 'quota') return REFUSED_RETRY_MS;
    return backoffMs(this.#failures, this.#random());
  }
}
