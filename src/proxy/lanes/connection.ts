/**
 * A connection to the upstream: it carries one request at a time, and is opened, and opened again, by what is
 * sent on it. Its HTTP/1.1 is ours: the floor of the bench, which has undici's and does nothing besides, costs a
 * small request more CPU time than all of this proxy (`npm run bench`). How a connection is made is undici's: it
 * knows of TLS sessions, addresses and time-outs.
 */
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { AnswerParser, type AnswerReader } from './answer-parser.ts';
import { bareHostname, type UpstreamRequest } from './lane.ts';
import { readsFor, type SocketReader } from './read-bytes.ts';
import { RequestWriter } from './request-writer.ts';
import { networkError } from './upstream-error.ts';

/** Who sends a request. What its methods throw while an answer is read, is handed back by `failed`. */
export interface Sender extends AnswerReader {
  /** The first byte leaves now. */
  begun(): void;
  /** More of the request has left. */
  progressed(): void;
  /** Now and then, from the first byte to the end of the answer. */
  tick(): void;
  /** The answer was read to its end; the connection is free. */
  done(): void;
  /** There is no whole answer; the connection is free, be it to be opened again. */
  failed(error: Error): void;
}

export interface ConnectionOptions {
  readonly upstream: URL;
  readonly connect: buildConnector.connector;
  /** How long it is kept while idle; 0: each one is good for one request. */
  readonly idleMs: number;
  /** Calls back when all that has come by now was read. */
  readonly soon: (run: () => void) => void;
}

/** Taken off what the upstream says that it keeps an idle connection. */
const KEEP_ALIVE_MARGIN_MS = 2000;
/** Methods that have a body as a matter of course. Others with one may confuse the upstream: it is not kept. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

export class Connection implements SocketReader {
  /** Whether it has answered since it was opened: only then may a reset mean "it was dead". */
  answered = false;
  /** Whether any byte of the latest answer has come. */
  answering = false;
  /** Whether the latest answer's reader wants no more for now. */
  paused = false;

  readonly #options: ConnectionOptions;
  #state: 'closed' | 'connecting' | 'open' | 'destroyed' = 'closed';
  #socket: Socket | undefined;
  #sender: Sender | undefined;
  #request: UpstreamRequest | undefined;
  /** From the first byte of a request to the end of its answer. */
  #parser: AnswerParser | undefined;
  #writer: RequestWriter | undefined;
  /** Monotonic ms. */
  #expiresMs = Number.POSITIVE_INFINITY;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  send(request: UpstreamRequest, sender: Sender): void {
    this.#request = request;
    this.#sender = sender;
    this.answering = false;
    this.#expiresMs = Number.POSITIVE_INFINITY;
    // What the upstream has said since, its farewell above all, is heard first.
    if (this.#state === 'open') this.#options.soon(() => this.#proceed(sender));
    else this.#proceed(sender);
  }

  /** Ends what this sender has under way here. */
  abort(sender: Sender, error: Error): void {
    if (this.#sender !== sender) return;
    if (this.#parser !== undefined) return this.#fail(error);
    this.#release(); // nothing was sent: it is as good as before
    sender.failed(error);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#socket?.resume();
  }

  /** Called now and then. @param nowMs monotonic */
  tick(nowMs: number): void {
    if (this.#parser !== undefined) this.#sender?.tick();
    else if (nowMs >= this.#expiresMs) this.#drop();
  }

  /** For good: what is under way fails, and whatever is sent from now on. */
  destroy(): void {
    this.#state = 'destroyed';
    this.#fail(networkError('ECONNRESET'));
  }

  /** Unless its sender went away meanwhile. */
  #proceed(sender: Sender): void {
    if (this.#sender !== sender) return;
    // Its last answer came before all of the request had left: this one would queue behind the rest.
    if (this.#socket !== undefined && this.#socket.writableLength > 0) this.#drop();
    if (this.#state === 'open') this.#begin(sender);
    else if (this.#state === 'closed') this.#open();
    else if (this.#state === 'destroyed') this.#fail(networkError('ECONNRESET'));
  }

  #open(): void {
    const { upstream, connect } = this.#options;
    const { host, protocol, port } = upstream;
    this.#state = 'connecting';
    this.answered = false;
    const opened: buildConnector.Callback = (error, socket) => {
      if (this.#state !== 'connecting') socket?.destroy();
      else if (error !== null) this.#fail(error);
      else this.#opened(socket);
    };
    try {
      connect({ host, hostname: bareHostname(upstream), protocol, port }, opened);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #opened(socket: Socket): void {
    this.#state = 'open';
    this.#socket = socket;
    readsFor(socket, this);
    socket.on('error', (error) => this.#broken(socket, error));
    socket.on('end', () => this.#ended(socket));
    socket.on('close', () => this.#broken(socket, networkError('ECONNRESET')));
    if (this.#sender !== undefined) this.#begin(this.#sender);
    else this.#keep(this.#options.idleMs);
  }

  #begin(sender: Sender): void {
    const request = this.#request as UpstreamRequest;
    const { upstream, idleMs } = this.#options;
    this.#parser = new AnswerParser(sender, request.method === 'HEAD');
    this.#writer = new RequestWriter(this.#socket as Socket, () => sender.progressed());
    sender.begun();
    try {
      this.#writer.write(request, upstream.host, idleMs > 0);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  read(bytes: Buffer, length: number): boolean {
    const parser = this.#parser;
    if (parser === undefined) {
      this.#drop(); // nobody has asked
      return false;
    }
    this.answering = true;
    try {
      parser.push(bytes, length);
    } catch (error) {
      if (this.#parser === parser) this.#fail(error as Error);
      return false;
    }
    if (parser.over && this.#parser === parser) this.#complete(parser);
    return !this.paused;
  }

  /** The upstream says no more. */
  #ended(socket: Socket): void {
    const parser = this.#parser;
    if (this.#socket !== socket) return;
    if (parser === undefined) return this.#drop();
    try {
      parser.finish();
    } catch (error) {
      return this.#fail(error as Error);
    }
    this.#complete(parser);
  }

  #broken(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return;
    // Nobody has lost anything: who is about to send will open it anew.
    if (this.#parser === undefined) this.#drop();
    else this.#fail(error);
  }

  #complete(parser: AnswerParser): void {
    const sender = this.#sender as Sender;
    const { method, body } = this.#request as UpstreamRequest;
    const isUsual = method !== 'HEAD' && (body === undefined || WITH_BODY.has(method));
    const isReusable = parser.reusable && isUsual && this.#writer?.done === true;
    const { keepAliveMs } = parser;
    const allowedMs =
      keepAliveMs === undefined ? Number.POSITIVE_INFINITY : keepAliveMs - KEEP_ALIVE_MARGIN_MS;
    this.#release();
    this.answered = true;
    this.#keep(isReusable ? Math.min(this.#options.idleMs, allowedMs) : 0);
    sender.done();
  }

  #keep(idleMs: number): void {
    if (idleMs <= 0) return this.#drop();
    this.#expiresMs = performance.now() + idleMs;
    this.resume();
  }

  #fail(error: Error): void {
    const sender = this.#sender;
    this.#release();
    this.#drop();
    sender?.failed(error);
  }

  #release(): void {
    this.#parser?.stop();
    this.#sender = this.#request = this.#parser = this.#writer = undefined;
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (this.#state !== 'destroyed') this.#state = 'closed';
    this.paused = false;
    this.#expiresMs = Number.POSITIVE_INFINITY;
    if (socket === undefined) return;
    readsFor(socket, undefined); // what it may still read is not for the next one
    socket.destroy();
  }
}
