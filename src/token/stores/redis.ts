/**
 * The store of a fleet: a hash for each account, a lock with an owner, and scripts that decide on
 * the server, so that two replicas cannot both be right.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import type { Secret } from '../../telemetry/secret.ts';
import { FORCE_BUDGET } from '../schedule.ts';
import type { Token } from '../token.ts';
import { StoreError, type StoredState, type TokenStore } from './store.ts';

export interface RedisStoreOptions {
  /** `redis://user:password@host:6379/0` or `rediss://…` */
  readonly url: Secret;
  /** How long one operation may take. */
  readonly timeoutMs: number;
  /** Longer than the slowest refresh: its two token calls and its operations here. */
  readonly lockMs: number;
  /** Told why the connection is not there; each reason once. */
  readonly onError: (error: Error) => void;
}

/** Kept beyond a token's life, so that generations go on counting. */
const KEPT_MS = 7 * 24 * 3_600_000;
const LOCK_POLL_MS = 50;

const SAVE = `
local generation = tonumber(redis.call('HGET', KEYS[1], 'generation') or '0')
local value = redis.call('HGET', KEYS[1], 'value')
if generation > tonumber(ARGV[1]) or (generation == tonumber(ARGV[1]) and value and value ~= ARGV[2]) then
  return redis.call('HMGET', KEYS[1], 'value', 'expiresAt', 'generation')
end
redis.call('HSET', KEYS[1], 'generation', ARGV[1], 'value', ARGV[2], 'expiresAt', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {ARGV[2], ARGV[3], ARGV[1]}`;

const UNLOCK = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

const TAKE_FORCE = `
local now, day, apart, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - day)
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if redis.call('ZCARD', KEYS[1]) >= most then return 0 end
if last[2] and now - tonumber(last[2]) < apart then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], day)
return 1`;

export function redisStore({ url, timeoutMs, lockMs, onError }: RedisStoreOptions): TokenStore {
  const client = createClient({
    url: url.reveal(),
    // A command that cannot be sent now fails now: nobody waits in a queue for Redis to come back.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: timeoutMs,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 2000),
    },
  });
  client.on('error', onError);
  const connected = client.connect().catch(onError);

  /** Runs one operation within its time. */
  const within = async <T>(run: () => Promise<T>): Promise<T> => {
    const timer = new AbortController();
    const timeout = delay(timeoutMs, undefined, { signal: timer.signal, ref: false }).then(() => {
      throw new Error(`no answer within ${timeoutMs} ms`);
    });
    timeout.catch(() => {}); // the race is over
    try {
      return await Promise.race([connected.then(run), timeout]);
    } catch (error) {
      throw new StoreError('Redis did not do what it was asked to', { cause: error });
    } finally {
      timer.abort();
    }
  };
  // One slot for all keys of an account: the scripts touch one key each, a cluster may hold them.
  const key = (appid: string, what: string): string => `wxproxy:{${appid}}:${what}`;

  return {
    name: 'redis',
    shared: true,
    async load(appid) {
      return toState(await within(() => client.hGetAll(key(appid, 'state'))));
    },
    async save(appid, token) {
      const held = (await within(() =>
        client.eval(SAVE, {
          keys: [key(appid, 'state')],
          arguments: [
            String(token.generation),
            token.value,
            String(Math.round(token.expiresAt)),
            String(KEPT_MS),
          ],
        }),
      )) as [string, string, string];
      const [value, expiresAt, generation] = held;
      return value === token.value && Number(generation) === token.generation
        ? token
        : { value, expiresAt: Number(expiresAt), generation: Number(generation) };
    },
    async saveCooldown(appid, cooldown) {
      const text = cooldown === undefined ? '' : JSON.stringify(cooldown);
      await within(() => client.hSet(key(appid, 'state'), 'cooldown', text));
    },
    async lock(appid) {
      const owner = randomBytes(16).toString('hex');
      const name = key(appid, 'lock');
      const take = (): Promise<string | null> =>
        within(() => client.set(name, owner, { NX: true, PX: lockMs }) as Promise<string | null>);
      while ((await take()) === null) await delay(LOCK_POLL_MS * (0.5 + Math.random()));
      return async () => {
        await within(() => client.eval(UNLOCK, { keys: [name], arguments: [owner] }));
      };
    },
    async takeForce(appid, now) {
      const { dayMs, apartMs, perDay } = FORCE_BUDGET;
      const taken = await within(() =>
        client.eval(TAKE_FORCE, {
          keys: [key(appid, 'forced')],
          arguments: [now, dayMs, apartMs, perDay].map(String),
        }),
      );
      return taken === 1;
    },
    close() {
      client.destroy();
      return Promise.resolve();
    },
  };
}

function toState(fields: Record<string, string>): StoredState {
  const { value, expiresAt, generation, cooldown } = fields;
  const token: Token | undefined =
    value !== undefined && Number(generation) > 0 && Number.isFinite(Number(expiresAt))
      ? { value, expiresAt: Number(expiresAt), generation: Number(generation) }
      : undefined;
  return {
    token,
    cooldown: cooldown ? (JSON.parse(cooldown) as StoredState['cooldown']) : undefined,
  };
}
