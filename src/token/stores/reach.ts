import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Clock } from '../clock.ts';
import { StoreError, type TokenStore } from './store.ts';

export interface ReachOptions {
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** An outage has ended. */
  readonly back: () => Promise<void>;
}

/** How often a store that is down is asked whether it is back. */
const PROBE_MS = 1000;

/**
 * Whether a shared store can be used at the moment. Once it is down nobody waits for it, until it
 * has answered again. The beginning and the end of an outage are said once.
 */
export class Reach {
  readonly #options: ReachOptions;
  /** Operations that it refuses, though it is there. */
  readonly #refused = new Set<string>();
  #down = false;
  #closed = false;
  #cancelProbe = (): void => {};

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  get isDown(): boolean {
    return this.#down;
  }

  /** Without one of its operations it keeps nobody apart. */
  get isCutOff(): boolean {
    return this.#down || this.#refused.size > 0;
  }

  /** @param here what is done where the store cannot do it */
  async attempt<T>(
    operation: string,
    appid: string,
    there: () => Promise<T>,
    here: () => Promise<T>,
  ): Promise<T> {
    if (this.#down) return here();
    const { store, logger } = this.#options;
    try {
      const result = await this.#counted(operation, there);
      if (this.#refused.delete(operation)) {
        logger.info({ store: store.name, operation }, 'the token store does it again');
      }
      return result;
    } catch (error) {
      this.#failed(operation, appid, error);
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

  #failed(operation: string, appid: string, error: unknown): void {
    const { store, logger } = this.#options;
    const fields = { store: store.name, operation, err: error };
    if (error instanceof StoreError && error.refused) {
      if (!this.#refused.has(operation)) {
        logger.error(fields, 'the token store refuses an operation: going on without it');
      }
      this.#refused.add(operation);
    } else if (!this.#down) {
      this.#down = true;
      logger.error(fields, 'the token store is down: going on with the token in memory');
      this.#probeLater(appid);
    }
  }

  #probeLater(appid: string): void {
    if (this.#closed) return;
    this.#cancelProbe = this.#options.clock.after(PROBE_MS, () => void this.#probe(appid));
  }

  async #probe(appid: string): Promise<void> {
    const { store, logger, back } = this.#options;
    try {
      await this.#counted('load', () => store.load(appid));
    } catch {
      return this.#probeLater(appid);
    }
    this.#down = false;
    logger.info({ store: store.name }, 'the token store is back');
    await back();
  }
}
