import { inTime } from './in-time.ts';

/** How long a request waits for a store that is slow: for all that its refresh asks of it together. */
export const STORE_PATIENCE_MS = 500;

/** What is left of the time that somebody will wait for a store. */
export class Patience {
  /** How long to wait for another replica's turn to end. That is waiting for WeChat, not for the store. */
  readonly turnMs: number;
  readonly #storeMs: number;
  #leftMs: number;

  constructor({ storeMs = STORE_PATIENCE_MS, turnMs = Infinity } = {}) {
    this.turnMs = turnMs;
    this.#storeMs = storeMs;
    this.#leftMs = storeMs;
  }

  /**
   * Waits for the store's answer as long as there is patience left; the work itself goes on.
   * @throws {Silence} and whatever `work` rejects with
   */
  async wait<T>(work: Promise<T>): Promise<T> {
    const startedMs = performance.now();
    try {
      return await inTime(work, this.#leftMs);
    } finally {
      this.#leftMs -= performance.now() - startedMs;
    }
  }

  /** What has been waited for until now was not the store. */
  renew(): void {
    this.#leftMs = this.#storeMs;
  }
}
