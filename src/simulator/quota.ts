const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
// WeChat's days begin at midnight in Beijing, which has no daylight saving time.
const BEIJING_OFFSET_MS = 8 * 3_600_000;

/** Days since the epoch, as counted in Beijing. */
function beijingDay(now: number): number {
  return Math.floor((now + BEIJING_OFFSET_MS) / DAY_MS);
}

/** Counts events of the period it is in; a new period begins at zero. */
class PeriodCounter {
  #period = Number.NaN;
  #count = 0;

  at(period: number): number {
    if (period !== this.#period) {
      this.#period = period;
      this.#count = 0;
    }
    return this.#count;
  }

  add(): void {
    this.#count += 1;
  }

  clear(): void {
    this.#count = 0;
  }
}

/** WeChat's two limits on one API of one account: 45009 by the day, 45011 by the minute. */
export class QuotaMeter {
  readonly #day = new PeriodCounter();
  readonly #minute = new PeriodCounter();

  /** Takes one call, or says with which errcode it is refused. `null` is no limit. */
  take(now: number, perDay: number | null, perMinute: number | null): 0 | 45009 | 45011 {
    if (this.#day.at(beijingDay(now)) >= (perDay ?? Infinity)) return 45009;
    if (this.#minute.at(Math.floor(now / MINUTE_MS)) >= (perMinute ?? Infinity)) return 45011;
    this.#day.add();
    this.#minute.add();
    return 0;
  }

  clear(): void {
    this.#day.clear();
    this.#minute.clear();
  }
}
