/**
 * A shared store that may fail before one that cannot: replicas go on with what they have. A
 * request waits once for a store that is down, then nobody does until it has answered again.
 */
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Clock } from '../clock.ts';
import type { Token } from '../token.ts';
import { memoryStore } from './memory.ts';
import { StoreError, type TokenStore } from './store.ts';

export interface FallbackOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** How often a store that is down is asked whether it is back. */
const PROBE_MS = 1000;

export function withFallback(
  shared: TokenStore,
  { clock, logger, metrics }: FallbackOptions,
): TokenStore {
  const own = memoryStore();
  const refused = new Set<string>();
  /** What was saved while the store was down. */
  const unsaved = new Map<string, Token>();
  let down = false;
  let cancelProbe = (): void => {};
  let closed = false;

  const counted = async <T>(operation: string, there: () => Promise<T>): Promise<T> => {
    try {
      const result = await there();
      metrics.storeOperation(shared.name, operation, 'ok');
      return result;
    } catch (error) {
      metrics.storeOperation(shared.name, operation, 'failed');
      throw error;
    }
  };

  const probe = async (appid: string): Promise<void> => {
    try {
      await counted('load', () => shared.load(appid));
      down = false;
      logger.info({ store: shared.name }, 'the token store is back');
      await handOver();
    } catch {
      probeLater(appid);
    }
  };
  /** The store may hold what has been retired since, and nobody who comes now knows better. */
  const handOver = async (): Promise<void> => {
    const tokens = [...unsaved];
    unsaved.clear();
    await Promise.all(tokens.map(([appid, token]) => store.save(appid, token)));
  };
  const probeLater = (appid: string): void => {
    if (!closed) cancelProbe = clock.after(PROBE_MS, () => void probe(appid));
  };

  /** Says the first failure of an outage, and the first of each operation that is refused. */
  const failed = (operation: string, appid: string, error: unknown): void => {
    const fields = { store: shared.name, operation, err: error };
    if (error instanceof StoreError && error.refused) {
      if (!refused.has(operation)) {
        logger.error(fields, 'the token store refuses an operation: going on without it');
      }
      refused.add(operation);
    } else if (!down) {
      down = true;
      logger.error(fields, 'the token store is down: going on with the token in memory');
      probeLater(appid);
    }
  };

  const attempt = async <T>(
    operation: string,
    appid: string,
    there: () => Promise<T>,
    here: () => Promise<T>,
  ): Promise<T> => {
    if (down) return here();
    try {
      const result = await counted(operation, there);
      if (refused.delete(operation)) {
        logger.info({ store: shared.name, operation }, 'the token store does it again');
      }
      return result;
    } catch (error) {
      failed(operation, appid, error);
      return here();
    }
  };

  const store: TokenStore = {
    name: shared.name,
    // Replicas that cannot reach it share nothing, and must act so.
    get shared() {
      return shared.shared && !down;
    },
    get cutOff() {
      return down;
    },
    load: (appid) =>
      attempt(
        'load',
        appid,
        () => shared.load(appid),
        () => own.load(appid),
      ),
    async save(appid, token) {
      const held = await attempt(
        'save',
        appid,
        () => shared.save(appid, token),
        () => {
          unsaved.set(appid, token);
          return Promise.resolve(token);
        },
      );
      return own.save(appid, held);
    },
    async saveCooldown(appid, cooldown) {
      await own.saveCooldown(appid, cooldown);
      await attempt('cooldown', appid, () => shared.saveCooldown(appid, cooldown), nothing);
    },
    async lock(appid) {
      let isShared = true;
      const unlock = await attempt(
        'lock',
        appid,
        () => shared.lock(appid),
        () => {
          isShared = false;
          return own.lock(appid);
        },
      );
      if (!isShared) return unlock;
      return async () => {
        // Nobody waits for a store that is down, but it has to know.
        if (down) unlock().catch(nothing);
        else await attempt('unlock', appid, unlock, nothing);
      };
    },
    takeForce: (appid, now) =>
      attempt(
        'force',
        appid,
        async () => {
          const taken = await shared.takeForce(appid, now);
          // While the store is down, what this replica has spent before still counts.
          if (taken) await own.takeForce(appid, now);
          return taken;
        },
        () => own.takeForce(appid, now),
      ),
    async close() {
      closed = true;
      cancelProbe();
      await shared.close();
    },
  };
  return store;
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
