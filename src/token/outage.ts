import { DAILY_QUOTA, untilDailyQuotaMs } from '../wechat/errcodes.ts';
import type { Clock } from './clock.ts';
import { backoffMs, REFUSED_RETRY_MS } from './schedule.ts';
import type { TokenCallError, TokenSource } from './sources/source.ts';

/** Refreshes that failed in a row: how long nothing asks again, on whatever path. */
export class Outage {
  readonly #clock: Clock;
  readonly #source: Pick<TokenSource, 'hasChanged'>;
  readonly #random: () => number;
  #last: TokenCallError | undefined;
  #failures = 0;
  #retryAtMs = 0;
  /** Of the same kind in a row. */
  #alike = 0;

  constructor(clock: Clock, source: Pick<TokenSource, 'hasChanged'>, random: () => number) {
    this.#clock = clock;
    this.#source = source;
    this.#random = random;
  }

  /** The latest failure; undefined: the last refresh succeeded. */
  get last(): TokenCallError | undefined {
    return this.#last;
  }

  /** How long nothing may ask; 0: it may. */
  get waitMs(): number {
    if (this.#last === undefined || this.#isMended()) return 0;
    return Math.max(this.#retryAtMs - this.#clock.monotonic(), 0);
  }

  /** Another one failed. `isToTell`: of the same kind the 1st, 2nd, 4th, 8th … */
  add(error: TokenCallError): { failures: number; retryInMs: number; isToTell: boolean } {
    const isNew = error.reason !== this.#last?.reason || error.errcode !== this.#last.errcode;
    this.#alike = isNew ? 1 : this.#alike + 1;
    this.#failures += 1;
    this.#last = error;
    const retryInMs = this.#delayMs(error);
    this.#retryAtMs = this.#clock.monotonic() + retryInMs;
    const isToTell = (this.#alike & (this.#alike - 1)) === 0;
    return { failures: this.#failures, retryInMs, isToTell };
  }

  end(): void {
    this.#last = undefined;
    this.#failures = 0;
  }

  /** Refused credentials will be, until there are others. */
  #isMended(): boolean {
    return this.#last?.reason === 'refused' && this.#source.hasChanged?.() === true;
  }

  #delayMs({ errcode, reason }: TokenCallError): number {
    if (errcode === DAILY_QUOTA) return untilDailyQuotaMs(this.#clock.now());
    if (reason === 'refused' || reason === 'quota') return REFUSED_RETRY_MS;
    return backoffMs(this.#failures, this.#random());
  }
}
