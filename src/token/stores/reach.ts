import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Clock } from '../clock.ts';
import { Patience, STORE_PATIENCE_MS } from './patience.ts';
import { StoreError, type SharedStore } from './store.ts';

interface ReachOptions {
  readonly store: SharedStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** An outage has ended. */
  readonly back: () => Promise<void>;
}

/** How often a store that is down is asked whether it is back. */
const PROBE_MS = 1000;
/** One that refuses us will until somebody changes something: asked ever more rarely, up to this. */
const REFUSED_PROBE_CAP_MS = 15_000;
/** A refresh locks, loads and saves: a store whose every answer takes longer leaves no time for it. */
const QUICK_MS = STORE_PATIENCE_MS / 3;

/**
 * Whether a shared store can be used at the moment: whether it can be reached, lets us do all that
 * is needed, and answers soon enough. Once it is down nobody waits for it, until it has done all of
 * it again. The beginning and the end of an outage are said once.
 */
export class Reach {
  readonly #options: ReachOptions;
  /** What has been said of the outage that is. */
  readonly #said = new Set<string>();
  #down = false;
  #closed = false;
  #cancelProbe = (): void => {};

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  get isDown(): boolean {
    return this.#down;
  }

  /** @param here what is done where the store cannot do it */
  async attempt<T>(
    operation: string,
    appid: string,
    there: () => Promise<T>,
    here: () => Promise<T>,
  ): Promise<T> {
    if (this.#down) return here();
    try {
      return await this.#counted(operation, there);
    } catch (error) {
      if (!this.#down) this.#probeLater(appid, PROBE_MS);
      this.#down = true;
      this.#say(operation, error);
      return here();
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancelProbe();
  }

  async #counted<T>(operation: string, there: () => Promise<T>): Promise<T> {
    const { store, metrics } = this.#options;
    try {
      const result = await there();
      metrics.storeOperation(store.name, operation, 'ok');
      return result;
    } catch (error) {
      metrics.storeOperation(store.name, operation, 'failed');
      throw error;
    }
  }

  /** Each kind of trouble once in an outage: a Redis that comes back may know no user of ours. */
  #say(operation: string, error: unknown): void {
    const { store, logger } = this.#options;
    const kind = error instanceof Error ? error.message : '';
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    logger.error(
      { store: store.name, operation, err: error },
      'the token store is down: going on with the token in memory',
    );
  }

  #probeLater(appid: string, delayMs: number): void {
    if (this.#closed) return;
    this.#cancelProbe = this.#options.clock.after(
      delayMs,
      () => void this.#probe(appid, Math.min(2 * delayMs, REFUSED_PROBE_CAP_MS)),
    );
  }

  async #probe(appid: string, refusedDelayMs: number): Promise<void> {
    const { store, logger, back } = this.#options;
    try {
      const patience = new Patience({ storeMs: QUICK_MS });
      await this.#counted('probe', () => store.rehearse(appid, patience));
    } catch (error) {
      this.#say('probe', error);
      const refused = error instanceof StoreError && error.refused;
      return this.#probeLater(appid, refused ? refusedDelayMs : PROBE_MS);
    }
    this.#down = false;
    this.#said.clear();
    logger.info({ store: store.name }, 'the token store is back');
    await back();
  }
}
