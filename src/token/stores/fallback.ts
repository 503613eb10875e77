/**
 * A shared store that may fail before one that cannot: replicas go on with what they have, requests
 * do not wait for a store that is down, and it is said once.
 */
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Clock } from '../clock.ts';
import { memoryStore } from './memory.ts';
import type { TokenStore } from './store.ts';

export interface FallbackOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** After a failure the store is left alone for so long: one refresh waits for it once, not at every step. */
const LEAVE_ALONE_MS = 1000;

export function withFallback(
  shared: TokenStore,
  { clock, logger, metrics }: FallbackOptions,
): TokenStore {
  const own = memoryStore();
  let leaveAloneUntilMs = -Infinity;
  let down = false;

  const attempt = async <T>(
    operation: string,
    there: () => Promise<T>,
    here: () => Promise<T>,
  ): Promise<T> => {
    if (clock.monotonic() < leaveAloneUntilMs) return here();
    try {
      const result = await there();
      metrics.storeOperation(shared.name, operation, 'ok');
      if (down) logger.info({ store: shared.name }, 'the token store is back');
      down = false;
      return result;
    } catch (error) {
      metrics.storeOperation(shared.name, operation, 'failed');
      leaveAloneUntilMs = clock.monotonic() + LEAVE_ALONE_MS;
      if (!down) {
        logger.error(
          { store: shared.name, operation, err: error },
          'the token store cannot be used: going on with the token in memory',
        );
      }
      down = true;
      return here();
    }
  };

  return {
    name: shared.name,
    shared: shared.shared,
    load: (appid) =>
      attempt(
        'load',
        () => shared.load(appid),
        () => own.load(appid),
      ),
    async save(appid, token) {
      const held = await attempt(
        'save',
        () => shared.save(appid, token),
        () => Promise.resolve(token),
      );
      return own.save(appid, held);
    },
    async saveCooldown(appid, cooldown) {
      await own.saveCooldown(appid, cooldown);
      await attempt('cooldown', () => shared.saveCooldown(appid, cooldown), nothing);
    },
    async lock(appid) {
      let unlock: (() => Promise<void>) | undefined;
      await attempt(
        'lock',
        async () => {
          unlock = await shared.lock(appid);
        },
        nothing,
      );
      const held = unlock;
      return held === undefined ? nothing : () => attempt('unlock', held, nothing);
    },
    takeForce: (appid, now) =>
      attempt(
        'force',
        async () => {
          const taken = await shared.takeForce(appid, now);
          // While the store is down, what this replica has spent before still counts.
          if (taken) await own.takeForce(appid, now);
          return taken;
        },
        () => own.takeForce(appid, now),
      ),
    async close() {
      await shared.close();
    },
  };
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
