/**
 * A connection to Redis of which every operation ends in time, done or not. One that has gone
 * silent is replaced: a dead one may not be told so by TCP for a quarter of an hour.
 */
import { createClient, ErrorReply } from 'redis';
import type { Secret } from '../../telemetry/secret.ts';
import { inTime, Silence } from './in-time.ts';
import type { Patience } from './patience.ts';
import { adviceFor } from './redis-advice.ts';
import { StoreError } from './store.ts';

export interface RedisConnectionOptions {
  /** `redis://user:password@host:6379/0` or `rediss://…` */
  readonly url: Secret;
  /** How long one operation may take, the wait for a connection included. */
  readonly timeoutMs: number;
  /** Told of every attempt to connect that fails. */
  readonly onError: (error: Error) => void;
}

type RedisClient = ReturnType<typeof open>;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Nobody waits for it: operations have their own, shorter time. */
const CONNECT_TIMEOUT_MS = 2000;
/** Operations without an answer in a row after which the connection is taken for dead. */
const SILENCES = 3;
/** A password or database that is wrong now will be so in a second: asked ever more rarely. */
const REFUSED_CAP_MS = 15_000;
const UNREACHED_CAP_MS = 2000;
/** Answers of a Redis that cannot serve at the moment: as good as none. */
const NOT_NOW = /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|READONLY|UNBLOCKED)\b/;

const UNUSABLE = 'Redis cannot be reached or used';

export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  /** What no error may hold, though Redis quotes commands that it does not know: `AUTH` too. */
  readonly #password: string;
  #client: RedisClient;
  #waiters = new Set<Waiter>();
  #silences = 0;
  /** What Redis has said to the last attempt to connect, where it let nobody in. */
  #refusal: Error | undefined;
  #closed = false;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#password = decodeURIComponent(new URL(options.url.reveal()).password);
    this.#client = this.#open();
  }

  /**
   * Runs one operation within its time. What has not been sent by then never is; what has been
   * may still be done.
   * @param patience of who waits for it: what comes later than that still ends as it does
   * @throws {StoreError}
   */
  async run<T>(operation: (client: RedisClient) => Promise<T>, patience?: Patience): Promise<T> {
    const client = this.#client;
    let over = false;
    const work = this.#ready(client).then(() => {
      if (over) throw new Error('too late');
      return operation(client);
    });
    const answer = this.#judged(work, client);
    try {
      return await (patience === undefined ? answer : patience.wait(answer));
    } catch (error) {
      over = true;
      if (error instanceof StoreError) throw error;
      throw new StoreError(UNUSABLE, { cause: error, refused: false });
    }
  }

  async #judged<T>(work: Promise<T>, client: RedisClient): Promise<T> {
    try {
      const result = await inTime(work, this.#options.timeoutMs);
      this.#silences = 0;
      return result;
    } catch (error) {
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
    client.on('connect', () => this.#knows(client, undefined));
    client.on('ready', () => this.#settle());
    client.on('error', (error: Error) => {
      this.#blank(error);
      if (isRefusal(error)) this.#knows(client, error);
      if (client === this.#client) this.#settle(error);
      if (!this.#closed) this.#options.onError(error);
    });
    client.connect().catch(() => {}); // said by `error`, and tried again
    return client;
  }

  #knows(client: RedisClient, refusal: Error | undefined): void {
    if (client === this.#client) this.#refusal = refusal;
  }

  /** Rejects with the reason when the next attempt to connect fails, or the last one was refused. */
  #ready(client: RedisClient): Promise<void> {
    if (client.isReady || this.#closed) return Promise.resolve();
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
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

  #blank(error: Error): void {
    if (this.#password !== '') error.message = error.message.replaceAll(this.#password, '[secret]');
  }

  #failed(error: Error, client: RedisClient): StoreError {
    this.#blank(error);
    const refused = isRefusal(error);
    if (error instanceof Silence) this.#silences += 1;
    // A master that has become a replica keeps its connections: the name may lead elsewhere by now.
    const isStale = this.#silences >= SILENCES || error.message.startsWith('READONLY');
    if (isStale && client === this.#client && !this.#closed) this.#replace();
    return new StoreError(refused ? adviceFor(error.message) : UNUSABLE, { cause: error, refused });
  }

  #replace(): void {
    this.#silences = 0;
    this.#refusal = undefined;
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
      reconnectStrategy: (retries, cause) =>
        Math.min(
          100 * 2 ** Math.min(retries, 8),
          isRefusal(cause) ? REFUSED_CAP_MS : UNREACHED_CAP_MS,
        ),
    },
  });
}

function isRefusal(error: Error): boolean {
  return error instanceof ErrorReply && !NOT_NOW.test(error.message);
}
