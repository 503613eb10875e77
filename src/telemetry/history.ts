/** The last minutes of a counter, for a plot: how much it grew in each interval. */
export const HISTORY_EVERY_MS = 5000;
const POINTS = 60;

export class History {
  readonly #growth = new Uint32Array(POINTS);
  #at = 0;
  #last: number;

  /** @param total the counter at the beginning: from there on growth is noted */
  constructor(total = 0) {
    this.#last = total;
  }

  /** @param total the counter now; called once per interval */
  sample(total: number): void {
    this.#growth[this.#at] = total - this.#last;
    this.#at = (this.#at + 1) % POINTS;
    this.#last = total;
  }

  /** Oldest first. */
  points(): number[] {
    return [...this.#growth.subarray(this.#at), ...this.#growth.subarray(0, this.#at)];
  }
}
