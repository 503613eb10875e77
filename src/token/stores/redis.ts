/**
 * The store of a fleet: a hash for each account, a lock with an owner, and scripts that decide on
 * the server, so that two replicas cannot both be right.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { FORCE_BUDGET } from '../schedule.ts';
import type { Token } from '../token.ts';
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.ts';
import { SAVE, SAVE_COOLDOWN, TAKE_FORCE, UNLOCK } from './redis-scripts.ts';
import type { StoredCooldown, StoredState, TokenStore } from './store.ts';

export interface RedisStoreOptions extends RedisConnectionOptions {
  /** Longer than the slowest refresh: its two token calls and its operations here. */
  readonly lockMs: number;
}

/** Kept beyond a token's life, so that generations go on counting. */
const KEPT_MS = 7 * 24 * 3_600_000;
const LOCK_POLL_MS = 50;

export function redisStore({ lockMs, ...options }: RedisStoreOptions): TokenStore {
  const redis = new RedisConnection(options);
  // One slot for all keys of an account: the scripts touch one key each, a cluster may hold them.
  const key = (appid: string, what: string): string => `wxproxy:{${appid}}:${what}`;
  const script = (text: string, name: string, args: readonly (string | number)[]) =>
    redis.run((client) => client.eval(text, { keys: [name], arguments: args.map(String) }));

  /**
   * Locks of ours whose end, or beginning, Redis has not confirmed: key and owner. It may have done
   * all the same what it did not answer in time, and the fleet would wait for nobody.
   */
  const unsure = new Map<string, string>();
  const unlock = async (name: string, owner: string): Promise<void> => {
    try {
      await script(UNLOCK, name, [owner]);
      unsure.delete(name);
    } catch (error) {
      unsure.set(name, owner);
      throw error;
    }
  };
  const tryLock = async (name: string, owner: string): Promise<boolean> => {
    try {
      return (
        (await redis.run((client) => client.set(name, owner, { NX: true, PX: lockMs }))) !== null
      );
    } catch (error) {
      unsure.set(name, owner);
      throw error;
    }
  };
  const endUnsure = async (): Promise<void> => {
    await Promise.all([...unsure].map(([name, owner]) => unlock(name, owner)));
  };

  return {
    name: 'redis',
    shared: true,
    async load(appid) {
      await endUnsure();
      return toState(await redis.run((client) => client.hGetAll(key(appid, 'state'))));
    },
    async save(appid, token) {
      const expiresAt = Math.round(token.expiresAt);
      const held = toToken(
        (await script(SAVE, key(appid, 'state'), [
          token.generation,
          token.value,
          expiresAt,
          KEPT_MS,
        ])) as string[],
      );
      return held?.value === token.value && held.generation === token.generation
        ? token
        : (held ?? token);
    },
    async saveCooldown(appid, cooldown) {
      const { generation = 0, until = 0, lengthMs = 0 } = cooldown ?? {};
      await script(SAVE_COOLDOWN, key(appid, 'state'), [generation, until, lengthMs, KEPT_MS]);
    },
    async lock(appid) {
      const owner = randomBytes(16).toString('hex');
      const name = key(appid, 'lock');
      await endUnsure();
      while (!(await tryLock(name, owner))) await delay(LOCK_POLL_MS * (0.5 + Math.random()));
      return () => unlock(name, owner);
    },
    async takeForce(appid, now) {
      const { dayMs, apartMs, perDay } = FORCE_BUDGET;
      return (await script(TAKE_FORCE, key(appid, 'forced'), [now, dayMs, apartMs, perDay])) === 1;
    },
    close() {
      redis.close();
      return Promise.resolve();
    },
  };
}

function toState(fields: Record<string, string>): StoredState {
  const { value, expiresAt, generation, cooldown } = fields;
  return { token: toToken([value, expiresAt, generation]), cooldown: toCooldown(cooldown) };
}

/** What somebody else has written there is no token. */
function toToken([value, expiresAt, generation]: readonly (string | undefined)[]):
  Token | undefined {
  const token = {
    value: value ?? '',
    expiresAt: Number(expiresAt),
    generation: Number(generation),
  };
  const isUsable =
    /^[\x21-\x7e]+$/.test(token.value) &&
    Number.isFinite(token.expiresAt) &&
    Number.isSafeInteger(token.generation) &&
    token.generation > 0;
  return isUsable ? token : undefined;
}

function toCooldown(text = ''): StoredCooldown | undefined {
  const [generation, until, lengthMs] = text.split(' ').map(Number);
  return generation !== undefined && until !== undefined && lengthMs !== undefined
    ? { generation, until, lengthMs }
    : undefined;
}
