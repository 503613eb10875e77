/**
 * The replay lane: requests whose body is held, sent by undici's `dispatch`, which hands out raw
 * header bytes and lets go of everything else.
 */
import type { Dispatcher } from 'undici';
import { ClientGone, ProxyError } from '../../errors.ts';
import type { Exchange, Watcher } from '../exchange.ts';
import type { Relay } from '../relay.ts';
import { Connections, type Borrower, type Connection } from './connections.ts';
import {
  IDLE_CONNECTION_MS,
  MAX_ANSWER_HEAD_BYTES,
  type Lane,
  type LaneOptions,
  type UpstreamRequest,
} from './lane.ts';
import { rawText } from './raw-text.ts';
import { SilentUpstream, upstreamError } from './upstream-error.ts';

/** Connections for resending what a dead connection swallowed. */
const RESEND_CONNECTIONS = 8;
/** How often silence is looked at: what the time-outs may be late by. */
const TICK_MS = 500;

export function replayLane(options: LaneOptions): Lane {
  const { origin, host } = options.upstream;
  const { responseTimeoutMs, idleTimeoutMs } = options;
  const tickMs = Math.min(TICK_MS, Math.ceil(Math.min(responseTimeoutMs, idleTimeoutMs) / 10));
  const each = {
    connectTimeoutMs: options.connectTimeoutMs,
    // Ours are cheaper than timers that every request sets twice.
    headersTimeout: 0,
    bodyTimeout: 0,
    tickMs,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    maxHeaderSize: MAX_ANSWER_HEAD_BYTES,
  };
  const kept = new Connections(origin, { ...each, max: options.maxConnections });
  // `pipelining: 0` makes every connection good for one request: a second dead one cannot follow.
  const fresh = new Connections(origin, { ...each, max: RESEND_CONNECTIONS, pipelining: 0 });
  const ways: Ways = { host, kept, fresh, tickMs, responseTimeoutMs, idleTimeoutMs };
  return {
    send: (exchange, request, relay) =>
      new Promise((resolve, reject) => {
        new Attempt(ways, exchange, request, relay, resolve, reject).begin();
      }),
    async close() {
      await Promise.all([kept.close(), fresh.close()]);
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

class Attempt implements Dispatcher.DispatchHandler, Borrower, Watcher {
  readonly #ways: Ways;
  readonly #exchange: Exchange;
  readonly #request: UpstreamRequest;
  readonly #relay: Relay;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  #connection: Connection | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #reused = false;
  #answering = false;
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
    // While it is on its way to a connection there is nothing to abort yet: `onRequestStart` will.
    this.#controller?.abort(new ClientGone());
  }

  lend(connection: Connection): void {
    this.#connection = connection;
    const { method, path, headers, body } = this.#request;
    connection.dispatch(
      {
        method,
        path,
        headers: headers as string[],
        // undici takes any iterable of bytes; its types name only the most common ones.
        body: (body ?? null) as Buffer | null,
        // A body sent in pieces would else be taken for one that blocks the connection's reuse.
        blocking: false,
      },
      this,
    );
  }

  tick(): void {
    if (this.#controller === undefined || this.#controller.paused) return;
    const { tickMs, responseTimeoutMs, idleTimeoutMs } = this.#ways;
    const afterMs = this.#relay.status === 0 ? responseTimeoutMs : idleTimeoutMs;
    // The first one may come right after what it counts from.
    if (this.#silentTicks++ * tickMs >= afterMs)
      this.#controller.abort(new SilentUpstream(afterMs));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#silentTicks = 0;
    this.#reused = (this.#connection as Connection).answered;
    if (this.#exchange.gone) controller.abort(new ClientGone());
  }

  onBodySent(): void {
    this.#silentTicks = 0;
  }

  onResponseStarted(): void {
    this.#answering = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason = '',
  ): void {
    this.#silentTicks = 0;
    if (status < 200) return;
    this.#relay.head(status, reason, rawText(controller.rawHeaders));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#silentTicks = 0;
    if (!this.#relay.data(chunk, () => controller.resume())) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    // First: what is thrown here comes back as an error, which gives the connection back as well.
    this.#relay.end(rawText(controller.rawTrailers));
    const connection = this.#connection as Connection;
    connection.answered = true;
    this.#connections.giveBack(connection, false);
    this.#exchange.watch(undefined);
    this.#resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const mayResend = this.#mayResend(error);
    this.#connections.giveBack(this.#connection as Connection, true);
    if (mayResend) {
      this.#resent = true;
      this.#controller = undefined;
      this.begin();
      return;
    }
    this.#exchange.watch(undefined);
    this.#relay.stop();
    if (this.#exchange.gone) this.#reject(new ClientGone());
    else if (error instanceof ProxyError) this.#reject(error);
    else this.#reject(upstreamError(error, this.#ways.host, this.#controller !== undefined));
  }

  /** A reused connection that died before it answered anything: WeChat had closed it while idle. */
  #mayResend(error: Error): boolean {
    if (this.#resent || this.#exchange.gone || error instanceof SilentUpstream) return false;
    // It died in the moment that undici looks at it before the first byte: whatever the method.
    if (this.#controller === undefined) return this.#connection?.answered === true;
    return this.#reused && !this.#answering && this.#request.resendable;
  }
}
