/**
 * The store of a fleet: a hash for each account, a lock with an owner, and scripts that decide on
 * the server, so that two replicas cannot both be right.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { FORCE_BUDGET } from '../force-budget.ts';
import { isToken, type Token } from '../token.ts';
import type { Patience } from './patience.ts';
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.ts';
import { LOCK, REHEARSE, SAVE, SAVE_COOLDOWN, TAKE_FORCE, UNLOCK } from './redis-scripts.ts';
import { StoreError, type SharedStore, type StoredCooldown, type StoredState } from './store.ts';

interface RedisStoreOptions extends RedisConnectionOptions {
  /** Longer than the slowest refresh: its two token calls and its operations here. */
  readonly lockMs: number;
}

/** Kept beyond a token's life, so that generations go on counting. */
const KEPT_MS = 7 * 24 * 3_600_000;
const LOCK_POLL_MS = 50;

export function redisStore({ lockMs, ...options }: RedisStoreOptions): SharedStore {
  const redis = new RedisConnection(options);
  // One slot for all keys of an account: a cluster may hold them.
  const key = (appid: string, what: string): string => `wxproxy:{${appid}}:${what}`;
  const script = (
    text: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    patience?: Patience,
  ) =>
    redis.run(
      (client) => client.eval(text, { keys: [...keys], arguments: args.map(String) }),
      patience,
    );

  /**
   * Locks of ours whose end, or beginning, Redis has not confirmed: key and owner. It may have done
   * all the same what it did not answer in time, and the fleet would wait for nobody.
   */
  const unsure = new Map<string, string>();
  /** Locks of ours that we hold: owner and key. */
  const held = new Map<string, string>();
  const unlock = async (name: string, owner: string): Promise<void> => {
    held.delete(owner);
    try {
      await script(UNLOCK, [name], [owner]);
      unsure.delete(name);
    } catch (error) {
      unsure.set(name, owner);
      throw error;
    }
  };
  const tryLock = async (appid: string, owner: string, patience?: Patience): Promise<boolean> => {
    const name = key(appid, 'lock');
    try {
      return (await script(LOCK, [name, key(appid, 'trial')], [owner, lockMs], patience)) === 1;
    } catch (error) {
      if (!(error instanceof StoreError && error.refused)) unsure.set(name, owner);
      throw error;
    }
  };
  /** Redis does things in the order they were sent: what is asked next finds these locks ended. */
  const endUnsure = (): void => {
    for (const [name, owner] of unsure) unlock(name, owner).catch(() => {}); // it stays unsure
  };
  const load = async (appid: string, patience?: Patience): Promise<StoredState> => {
    endUnsure();
    return toState(await redis.run((client) => client.hGetAll(key(appid, 'state')), patience));
  };

  return {
    name: 'redis',
    shared: true,
    load,
    async save(appid, token, patience) {
      const expiresAt = Math.round(token.expiresAt);
      const kept = toToken(
        (await script(
          SAVE,
          [key(appid, 'state')],
          [token.generation, token.value, expiresAt, KEPT_MS],
          patience,
        )) as string[],
      );
      return kept?.value === token.value && kept.generation === token.generation
        ? token
        : (kept ?? token);
    },
    async saveCooldown(appid, cooldown) {
      const { generation = 0, until = 0, lengthMs = 0 } = cooldown ?? {};
      await script(SAVE_COOLDOWN, [key(appid, 'state')], [generation, until, lengthMs, KEPT_MS]);
    },
    async lock(appid, patience) {
      const owner = randomBytes(16).toString('hex');
      const giveUpMs = performance.now() + (patience?.turnMs ?? Infinity);
      endUnsure();
      while (!(await tryLock(appid, owner, patience))) {
        patience?.renew();
        if (performance.now() > giveUpMs) return undefined;
        await delay(LOCK_POLL_MS * (0.5 + Math.random()));
      }
      const name = key(appid, 'lock');
      held.set(owner, name);
      return () => unlock(name, owner);
    },
    async takeForce(appid, now, patience) {
      const { dayMs, apartMs, perDay } = FORCE_BUDGET;
      const args = [now, dayMs, apartMs, perDay];
      return (await script(TAKE_FORCE, [key(appid, 'forced')], args, patience)) === 1;
    },
    async rehearse(appid, patience) {
      await Promise.all([
        script(REHEARSE, [key(appid, 'trial')], [], patience),
        load(appid, patience),
      ]);
    },
    async close() {
      // A replica that ends in the middle of a refresh keeps nobody waiting.
      await Promise.allSettled([...held].map(([owner, name]) => unlock(name, owner)));
      redis.close();
    },
  };
}

function toState(fields: Record<string, string>): StoredState {
  const { value, expiresAt, generation, cooldown } = fields;
  return { token: toToken([value, expiresAt, generation]), cooldown: toCooldown(cooldown) };
}

function toToken([value, expiresAt, generation]: readonly (string | undefined)[]):
  Token | undefined {
  const stored = { value, expiresAt: Number(expiresAt), generation: Number(generation) };
  return isToken(stored) ? stored : undefined;
}

function toCooldown(text = ''): StoredCooldown | undefined {
  const [generation, until, lengthMs] = text.split(' ').map(Number);
  return generation !== undefined && until !== undefined && lengthMs !== undefined
    ? { generation, until, lengthMs }
    : undefined;
}
