/** The replay lane: requests whose body is held, which may be sent again. */
import { ClientGone, ProxyError } from '../../errors.ts';
import type { Exchange, Watcher } from '../exchange.ts';
import type { Relay } from '../relay.ts';
import type { Connection, Sender } from './connection.ts';
import { Connections, type Borrower } from './connections.ts';
import { IDLE_CONNECTION_MS, type Lane, type LaneOptions, type UpstreamRequest } from './lane.ts';
import { SilentUpstream, upstreamError } from './upstream-error.ts';

/** Connections for resending what a dead connection swallowed. */
const RESEND_CONNECTIONS = 8;
/** How often silence is looked at: what the time-outs may be late by. */
const TICK_MS = 500;

export function replayLane(options: LaneOptions): Lane {
  const { upstream, connectTimeoutMs, responseTimeoutMs, idleTimeoutMs } = options;
  const { host } = upstream;
  const tickMs = Math.min(TICK_MS, Math.ceil(Math.min(responseTimeoutMs, idleTimeoutMs) / 10));
  const each = { upstream, connectTimeoutMs, tickMs };
  const idleMs = IDLE_CONNECTION_MS;
  const kept = new Connections({ ...each, idleMs, max: options.maxConnections });
  // Good for one request each: a second dead one cannot follow.
  const fresh = new Connections({ ...each, idleMs: 0, max: RESEND_CONNECTIONS });
  const ways: Ways = { host, kept, fresh, tickMs, responseTimeoutMs, idleTimeoutMs };
  return {
    send: (exchange, request, relay) =>
      new Promise((resolve, reject) => {
        new Attempt(ways, exchange, request, relay, resolve, reject).begin();
      }),
    close() {
      fresh.close(); // first: what fails on the others may want to be sent again
      kept.close();
      return Promise.resolve();
    },
  };
}

interface Ways {
  /** Of the upstream, as its `Host` field says it. */
  readonly host: string;
  readonly kept: Connections;
  readonly fresh: Connections;
  readonly tickMs: number;
  readonly responseTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

class Attempt implements Borrower, Sender, Watcher {
  readonly #ways: Ways;
  readonly #exchange: Exchange;
  readonly #request: UpstreamRequest;
  readonly #relay: Relay;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  #connection: Connection | undefined;
  #begun = false;
  #reused = false;
  #resent = false;
  /** Ticks since anything was sent or came. */
  #silentTicks = 0;

  constructor(
    ways: Ways,
    exchange: Exchange,
    request: UpstreamRequest,
    relay: Relay,
    resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    this.#ways = ways;
    this.#exchange = exchange;
    this.#request = request;
    this.#relay = relay;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get #connections(): Connections {
    return this.#resent ? this.#ways.fresh : this.#ways.kept;
  }

  begin(): void {
    this.#exchange.watch(this);
    if (!this.#exchange.gone) this.#connections.borrow(this);
  }

  gone(): void {
    this.#connections.forget(this);
    this.#reject(new ClientGone());
    this.#connection?.abort(this, new ClientGone());
  }

  lend(connection: Connection): void {
    this.#connection = connection;
    connection.send(this.#request, this);
  }

  tick(): void {
    if (this.#connection?.paused !== false) return;
    const { tickMs, responseTimeoutMs, idleTimeoutMs } = this.#ways;
    const afterMs = this.#relay.status === 0 ? responseTimeoutMs : idleTimeoutMs;
    // The first one may come right after what it counts from.
    if (this.#silentTicks++ * tickMs >= afterMs)
      this.#connection.abort(this, new SilentUpstream(afterMs));
  }

  begun(): void {
    this.#begun = true;
    this.#silentTicks = 0;
    this.#reused = this.#connection?.answered === true;
  }

  progressed(): void {
    this.#silentTicks = 0;
  }

  head(status: number, reason: string, rawHeaders: readonly string[]): void {
    this.#silentTicks = 0;
    this.#relay.head(status, reason, rawHeaders);
  }

  data(chunk: Buffer): void {
    this.#silentTicks = 0;
    const connection = this.#connection as Connection;
    const more = this.#relay.data(chunk, () => {
      // By now it may be another's.
      if (this.#connection === connection) connection.resume();
    });
    if (!more) connection.pause();
  }

  end(rawTrailers: readonly string[]): void {
    this.#relay.end(rawTrailers);
  }

  done(): void {
    this.#giveBack();
    this.#exchange.watch(undefined);
    this.#resolve();
  }

  failed(error: Error): void {
    const mayResend = this.#mayResend(error);
    this.#giveBack();
    if (mayResend) {
      this.#resent = true;
      this.#begun = false;
      this.begin();
      return;
    }
    this.#exchange.watch(undefined);
    this.#relay.stop();
    if (this.#exchange.gone) this.#reject(new ClientGone());
    else if (error instanceof ProxyError) this.#reject(error);
    else this.#reject(upstreamError(error, this.#ways.host, this.#begun));
  }

  #giveBack(): void {
    const connection = this.#connection as Connection;
    this.#connection = undefined;
    this.#connections.giveBack(connection);
  }

  /** A reused connection that died before it answered anything: WeChat had closed it while idle. */
  #mayResend(error: Error): boolean {
    if (this.#resent || this.#exchange.gone || error instanceof SilentUpstream) return false;
    const { resendable } = this.#request;
    return this.#begun && this.#reused && this.#connection?.answering === false && resendable;
  }
}
