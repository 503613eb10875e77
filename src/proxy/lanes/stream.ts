/** The stream lane: requests that are sent once, whose body is not kept, by http-proxy. */
import http, { IncomingMessage, type ClientRequest } from 'node:http';
import https from 'node:https';
import { ClientGone, ProxyError } from '../../errors.ts';
import type { Exchange, Watcher } from '../exchange.ts';
import { bodySilent } from '../holding.ts';
import type { Relay } from '../relay.ts';
import { FencedProxy } from './http-proxy.ts';
import { IDLE_CONNECTION_MS, type Lane, type LaneOptions, type UpstreamRequest } from './lane.ts';
import { networkError, SilentUpstream, upstreamError } from './upstream-error.ts';

export function streamLane(options: LaneOptions): Lane {
  const proxy = new FencedProxy(options.upstream);
  const transport = options.upstream.protocol === 'https:' ? https : http;
  const pooled = {
    keepAlive: true,
    maxSockets: options.maxConnections,
    // The most recently used connection is the one least likely to have been closed meanwhile.
    scheduling: 'lifo',
    timeout: IDLE_CONNECTION_MS,
  } as const;
  const agent = new transport.Agent(pooled);
  const fresh = new transport.Agent({ keepAlive: false, maxSockets: options.maxConnections });
  return {
    send: (exchange, request, relay) =>
      new Promise((resolve, reject) => {
        const parts = { exchange, request, relay, options, proxy, fresh, resolve, reject };
        new Passage(parts).begin(agent);
      }),
    close() {
      agent.destroy();
      fresh.destroy();
      return Promise.resolve();
    },
  };
}

interface PassageParts {
  readonly exchange: Exchange;
  readonly request: UpstreamRequest;
  readonly relay: Relay;
  readonly options: LaneOptions;
  readonly proxy: FencedProxy;
  readonly fresh: http.Agent;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One request's way through the lane. */
class Passage implements Watcher {
  readonly #parts: PassageParts;
  #upstream: ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  /** Whether any byte of an answer has come, be it half a status line. */
  #answering: () => boolean = () => false;
  #connected = false;
  /** The app's body, while it is still arriving. */
  #pumping: IncomingMessage | undefined;
  #settled = false;
  #resent = false;
  #timer: NodeJS.Timeout | undefined;
  #late: NodeJS.Immediate | undefined;

  constructor(parts: PassageParts) {
    this.#parts = parts;
  }

  begin(agent: http.Agent): void {
    const { exchange, request, proxy } = this.#parts;
    exchange.watch(this);
    if (this.#settled) return;
    proxy.open(
      request,
      exchange.res,
      agent,
      (upstream) => this.#sendTo(upstream),
      (error) => this.#failed(error),
    );
  }

  gone(): void {
    this.#settle(new ClientGone());
    this.#upstream?.destroy();
  }

  silent(): boolean {
    if (this.#pumping === undefined) return false;
    // While the upstream is the one that does not read, the time-out of the pump is at work.
    if (!this.#pumping.isPaused()) this.#failed(bodySilent(this.#parts.options.idleTimeoutMs));
    return true;
  }

  /** It has no connection yet. */
  #sendTo(upstream: ClientRequest): void {
    const { request, options } = this.#parts;
    this.#upstream = upstream;
    // Node hides every field of an answer after the thousandth.
    upstream.maxHeadersCount = 0;
    upstream.once('socket', (socket) => {
      const readBefore = socket.bytesRead;
      this.#answering = () => socket.bytesRead > readBefore;
      if (!socket.connecting) this.#connected = true;
      else {
        this.#arm(options.connectTimeoutMs, networkError('UND_ERR_CONNECT_TIMEOUT'));
        const ready = options.upstream.protocol === 'https:' ? 'secureConnect' : 'connect';
        socket.once(ready, () => {
          this.#connected = true;
          this.#disarm();
        });
      }
    });
    upstream.once('finish', () => {
      if (this.#answer === undefined) this.#arm(options.responseTimeoutMs);
    });
    upstream.once('response', (answer) => this.#relay(answer));
    // An answer that switches protocols ends the request without a word.
    upstream.once('close', () => {
      if (this.#answer === undefined && this.#upstream === upstream)
        this.#failed(networkError('ECONNRESET'));
    });
    const { body } = request;
    if (body instanceof IncomingMessage) this.#pump(body, upstream);
    else if (body === undefined || Buffer.isBuffer(body)) upstream.end(body);
    else {
      for (const piece of body) upstream.write(piece);
      upstream.end();
    }
  }

  /** Like `pipe`, but a reader that stops reading is noticed. */
  #pump(body: IncomingMessage, upstream: ClientRequest): void {
    this.#pumping = body;
    body.on('data', (chunk: Buffer) => {
      if (this.#settled || upstream.write(chunk)) return this.#progressed();
      body.pause();
      this.#arm(this.#parts.options.idleTimeoutMs);
    });
    upstream.on('drain', () => {
      this.#disarm();
      this.#progressed();
      body.resume();
    });
    body.once('end', () => {
      this.#pumping = undefined;
      upstream.end();
    });
  }

  /** An answer that began early may wait for more of the body, but not without end for anything. */
  #progressed(): void {
    if (this.#settled || this.#answer?.isPaused() !== false) return;
    this.#arm(this.#parts.options.idleTimeoutMs);
  }

  #relay(answer: IncomingMessage): void {
    const { relay, options } = this.#parts;
    this.#answer = answer;
    this.#arm(options.idleTimeoutMs);
    this.#guarded(() =>
      relay.head(answer.statusCode as number, answer.statusMessage as string, answer.rawHeaders),
    );
    answer.on('data', (chunk: Buffer) => {
      clearImmediate(this.#late);
      this.#timer?.refresh();
      this.#guarded(() => {
        const more = relay.data(chunk, () => {
          this.#arm(options.idleTimeoutMs);
          answer.resume();
        });
        if (more) return;
        this.#disarm();
        answer.pause();
      });
    });
    answer.once('error', (error) => this.#failed(error));
    answer.once('end', () => {
      if (this.#settled) return;
      this.#guarded(() => relay.end(answer.rawTrailers));
      this.#settle();
    });
  }

  /** Failures in the relay are this passage's failures, not the process's. */
  #guarded(run: () => void): void {
    if (this.#settled) return;
    try {
      run();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#settled) return;
    const { request, options, fresh, relay } = this.#parts;
    if (request.resendable && this.#mayResend(error)) {
      this.#resent = true;
      this.#connected = false;
      this.#disarm();
      this.begin(fresh);
      return;
    }
    relay.stop();
    const { host } = options.upstream;
    this.#settle(error instanceof ProxyError ? error : upstreamError(error, host, this.#connected));
    this.#upstream?.destroy();
  }

  /** A reused connection that died before it answered anything: WeChat had closed it while idle. */
  #mayResend(error: unknown): boolean {
    if (this.#resent || error instanceof SilentUpstream) return false;
    return this.#upstream?.reusedSocket === true && !this.#answering();
  }

  #settle(error?: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#disarm();
    const { exchange, resolve, reject } = this.#parts;
    exchange.watch(undefined);
    this.#stopUpload();
    if (error === undefined) resolve();
    else reject(error);
  }

  /** The answer is there and the app is still sending: nobody wants the rest. */
  #stopUpload(): void {
    const { body } = this.#parts.request;
    if (!(body instanceof IncomingMessage) || body.readableEnded) return;
    body.removeAllListeners('data');
    body.resume();
    this.#upstream?.destroy();
  }

  #arm(afterMs: number, reason: Error = new SilentUpstream(afterMs)): void {
    this.#disarm();
    this.#timer = setTimeout(() => {
      // This process may have stalled: what came meanwhile is read before it is missed.
      this.#late = setImmediate(() => this.#failed(reason));
    }, afterMs);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#late);
    this.#timer = undefined;
  }
}
