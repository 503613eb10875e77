/**
 * A shared store that may fail before one that cannot: replicas go on with what they have. A
 * request waits once for a store that is down, then nobody does until it has answered again.
 */
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Clock } from '../clock.ts';
import type { Token } from '../token.ts';
import { memoryStore } from './memory.ts';
import { Reach } from './reach.ts';
import type { Patience } from './patience.ts';
import type { SharedStore, TokenStore } from './store.ts';

interface FallbackOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export function withFallback(shared: SharedStore, options: FallbackOptions): TokenStore {
  const own = memoryStore();
  /** What was saved while the store was down. */
  const unsaved = new Map<string, Token>();
  const save = (appid: string, token: Token, patience?: Patience): Promise<Token> =>
    reach.attempt(
      'save',
      appid,
      () => shared.save(appid, token, patience),
      () => {
        unsaved.set(appid, token);
        return Promise.resolve(token);
      },
    );
  const reach = new Reach({
    ...options,
    store: shared,
    // It may hold what has been retired since, and nobody who comes now knows better.
    async back() {
      const tokens = [...unsaved];
      unsaved.clear();
      await Promise.all(tokens.map(([appid, token]) => save(appid, token)));
    },
  });

  return {
    name: shared.name,
    // Replicas that cannot use it share nothing, and must act so.
    get shared() {
      return !reach.isDown;
    },
    get cutOff() {
      return reach.isDown;
    },
    load: (appid, patience) =>
      reach.attempt(
        'load',
        appid,
        () => shared.load(appid, patience),
        () => own.load(appid),
      ),
    async save(appid, token, patience) {
      return own.save(appid, await save(appid, token, patience));
    },
    async saveCooldown(appid, cooldown) {
      await own.saveCooldown(appid, cooldown);
      await reach.attempt('cooldown', appid, () => shared.saveCooldown(appid, cooldown), nothing);
    },
    async lock(appid, patience) {
      let isShared = true;
      const unlock = await reach.attempt(
        'lock',
        appid,
        () => shared.lock(appid, patience),
        () => {
          isShared = false;
          return own.lock(appid);
        },
      );
      if (!isShared || unlock === undefined) return unlock;
      return async () => {
        // Nobody waits for a store that is down, but it has to know.
        if (reach.isDown) unlock().catch(nothing);
        else await reach.attempt('unlock', appid, unlock, nothing);
      };
    },
    takeForce: (appid, now, patience) =>
      reach.attempt(
        'force',
        appid,
        async () => {
          const taken = await shared.takeForce(appid, now, patience);
          // While the store is down, what this replica has spent before still counts.
          if (taken) await own.takeForce(appid, now);
          return taken;
        },
        () => own.takeForce(appid, now),
      ),
    async close() {
      reach.close();
      await shared.close();
    },
  };
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
