/**
 * A connection to Redis of which every operation ends in time, done or not. One that has gone
 * silent is replaced: a dead one may not be told so by TCP for a quarter of an hour.
 */
import { createClient, ErrorReply } from 'redis';
import type { Secret } from '../../telemetry/secret.ts';
import { StoreError } from './store.ts';

export interface RedisConnectionOptions {
  /** `redis://user:password@host:6379/0` or `rediss://…` */
  readonly url: Secret;
  /** How long one operation may take, the wait for a connection included. */
  readonly timeoutMs: number;
  /** Told of every attempt to connect that fails. */
  readonly onError: (error: Error) => void;
}

export type RedisClient = ReturnType<typeof open>;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Nobody waits for it: operations have their own, shorter time. */
const CONNECT_TIMEOUT_MS = 2000;
/** Operations without an answer in a row after which the connection is taken for dead. */
const SILENCES = 3;
/** Answers of a Redis that cannot serve at the moment: as good as none. */
const NOT_NOW = /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|READONLY|UNBLOCKED)\b/;

export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  #client: RedisClient;
  #waiters = new Set<Waiter>();
  #silences = 0;
  #closed = false;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#client = this.#open();
  }

  /**
   * Runs one operation within its time. What has not been sent by then never is; what has been
   * may still be done.
   * @throws {StoreError}
   */
  async run<T>(operation: (client: RedisClient) => Promise<T>): Promise<T> {
    const client = this.#client;
    let over = false;
    const work = this.#ready(client).then(() => {
      if (over) throw new Error('too late');
      return operation(client);
    });
    try {
      const result = await inTime(work, this.#options.timeoutMs);
      this.#silences = 0;
      return result;
    } catch (error) {
      over = true;
      throw this.#failed(error as Error, client);
    }
  }

  close(): void {
    this.#closed = true;
    this.#client.destroy();
    this.#settle(new Error('the store is closed'));
  }

  #open(): RedisClient {
    const client = open(this.#options.url);
    client.on('ready', () => this.#settle());
    client.on('error', (error: Error) => {
      if (client === this.#client) this.#settle(error);
      if (!this.#closed) this.#options.onError(error);
    });
    client.connect().catch(() => {}); // said by `error`, and tried again
    return client;
  }

  /** Rejects with the reason when the next attempt to connect fails. */
  #ready(client: RedisClient): Promise<void> {
    if (client.isReady || this.#closed) return Promise.resolve();
    return new Promise((resolve, reject) => void this.#waiters.add({ resolve, reject }));
  }

  #settle(error?: Error): void {
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const { resolve, reject } of waiters) {
      if (error === undefined) resolve();
      else reject(error);
    }
  }

  #failed(error: Error, client: RedisClient): StoreError {
    const refused = error instanceof ErrorReply && !NOT_NOW.test(error.message);
    if (error instanceof Silence) this.#silences += 1;
    // A master that has become a replica keeps its connections: the name may lead elsewhere by now.
    const isStale = this.#silences >= SILENCES || error.message.startsWith('READONLY');
    if (isStale && client === this.#client && !this.#closed) this.#replace();
    return new StoreError(
      refused ? 'Redis refuses what it was asked for' : 'Redis cannot be reached or used',
      { cause: error, refused },
    );
  }

  #replace(): void {
    this.#silences = 0;
    const dead = this.#client;
    this.#client = this.#open();
    dead.destroy();
    this.#settle(new Error('the connection was silent and is being replaced'));
  }
}

function open(url: Secret) {
  return createClient({
    url: url.reveal(),
    // Every Redis speaks it, the managed and proxied ones as well, and needs no leave for more.
    RESP: 2,
    maintNotifications: 'disabled',
    disableClientInfo: true,
    // A command that cannot be sent now fails now: nothing is done late that nobody waits for.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** Math.min(retries, 8), 2000),
    },
  });
}

class Silence extends Error {}

function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Silence(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    timer.unref();
    void work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
