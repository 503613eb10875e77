/**
 * An upstream without an HTTP library: it keeps the exact bytes of whatever arrives, reads them as
 * generously as the worst of servers would, and answers the bytes it is told, as badly as it is told.
 */
import { createHash, type Hash } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { headText, rawHead, type RawHead } from './raw-head.ts';

export interface RawRequest extends RawHead {
  /** Counts the connections that carried other than token calls, from 1. */
  readonly connection: number;
  /** First line of the head, and its parts as a generous server reads them. */
  readonly line: string;
  readonly method: string;
  readonly target: string;
  /** Resolves with the body (its first bytes, where it is larger than is kept) when it is whole. */
  readonly whole: Promise<Buffer>;
  /** Of the body so far. */
  readonly bodyBytes: number;
  /** Lower-case hex, of the whole body. */
  sha256(): Promise<string>;
  /** Head and body as they came; the body's first bytes where it is larger than is kept. */
  readonly bytes: Buffer;
}

export interface Reply {
  /** Sends bytes as they are (text: one byte per character); waits until the socket takes more. */
  send(bytes: string | Uint8Array): Promise<void>;
  /** Sends with a pause of `ms` after each byte. */
  trickle(bytes: string | Uint8Array, ms?: number): Promise<void>;
  /** Closes the connection in an orderly way, whatever was promised. */
  cut(): void;
  /** Resets the connection. */
  reset(): void;
  /** Stops reading what the proxy sends. */
  stopReading(): void;
  readonly socket: Socket;
}

/** Runs when a request's head is there; the connection's next request waits until it is done. */
export type Answer = (request: RawRequest, reply: Reply) => unknown;

export interface RawConnection {
  /** As `RawRequest.connection`. */
  readonly number: number;
  /** Everything that arrived, up to what is kept. */
  readonly received: Buffer;
  readonly requests: readonly RawRequest[];
  readonly closed: boolean;
  readonly socket: Socket;
}

export interface RawUpstream {
  /** `http://127.0.0.1:1234` */
  readonly url: string;
  /** All but token calls, in order of arrival. */
  readonly requests: readonly RawRequest[];
  /** Those that carried anything but token calls (or were cut before it could be told). */
  readonly connections: readonly RawConnection[];
  readonly tokenCalls: number;
  /** The token that the latest token call was answered with. Each call gets another one. */
  readonly token: string;
  /** How requests are answered from now on: a script, or bytes sent once the request is whole. */
  answer: Answer | string | Uint8Array;
  /** Token calls wait for this. */
  tokensAfter: Promise<unknown>;
  stop(): Promise<void>;
}

/** Of each body and each connection, so that a 300 MB upload does not stay in memory. */
const KEPT_BYTES = 1024 * 1024;

/** A small answer with everything right. */
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"errmsg":"ok"}';

/** An answer with this body and, unless told otherwise, its Content-Length. */
export function answerOf(body: string | Uint8Array, fields: readonly string[] = []): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : Buffer.from(body);
  const lines = ['HTTP/1.1 200 OK', ...fields, `Content-Length: ${bytes.length}`];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

export async function startRawUpstream(
  t: Test,
  answer: RawUpstream['answer'] = OK,
): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const requests: RawRequest[] = [];
  const connections: Connection[] = [];
  let tokenCalls = 0;
  const upstream = {
    requests,
    connections,
    answer,
    tokensAfter: Promise.resolve() as Promise<unknown>,
    get tokenCalls() {
      return tokenCalls;
    },
    get token() {
      return tokenOf(tokenCalls);
    },
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void new Connection(socket, {
      arrived(request, connection) {
        if (connection.number === 0) connection.number = connections.push(connection);
        requests.push(request);
      },
      async issue() {
        await upstream.tokensAfter;
        tokenCalls++;
        return answerOf(JSON.stringify({ access_token: tokenOf(tokenCalls), expires_in: 7200 }));
      },
      answer: () => upstream.answer,
    }).serve();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  t.teardown(stop);
  const { port } = server.address() as AddressInfo;
  return Object.assign(upstream, { url: `http://127.0.0.1:${port}`, stop });
}

function tokenOf(number: number): string {
  return `raw-upstream-token-${String(number).padStart(4, '0')}-${'x'.repeat(100)}`;
}

interface ConnectionParts {
  arrived(request: Request, connection: Connection): void;
  issue(): Promise<Buffer>;
  answer(): RawUpstream['answer'];
}

class Connection implements RawConnection {
  number = 0;
  closed = false;
  readonly requests: Request[] = [];
  readonly socket: Socket;
  readonly #parts: ConnectionParts;
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #unread: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Socket, parts: ConnectionParts) {
    this.socket = socket;
    this.#parts = parts;
    socket.on('data', (chunk: Buffer) => {
      if (this.#keptBytes < KEPT_BYTES) this.#kept.push(chunk);
      this.#keptBytes += chunk.length;
      this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
      this.#wake();
    });
    const over = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('end', () => {
      over();
      socket.end();
    });
    socket.on('error', over);
    socket.on('close', () => {
      this.closed = true;
      over();
    });
  }

  get received(): Buffer {
    return Buffer.concat(this.#kept);
  }

  async serve(): Promise<void> {
    for (;;) {
      const head = await this.#readHead();
      if (head === undefined) return;
      const request = new Request(head, this);
      const body = this.#readBody(request).then((whole) => {
        if (whole) request.finish();
        return whole;
      });
      if (/^\S+ [^ ?]*\/cgi-bin\/(?:stable_)?token[ ?]/.test(request.line)) {
        await body;
        this.socket.write(await this.#parts.issue());
        continue;
      }
      this.#parts.arrived(request, this);
      this.requests.push(request);
      const answer = this.#parts.answer();
      const reply = replyOn(this.socket);
      if (typeof answer === 'function') await answer(request, reply);
      else if (await body) await reply.send(answer);
      await body;
    }
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    return true;
  }

  /** Takes CRLF and bare LF for line ends, as the most generous of servers do. */
  async #readHead(): Promise<Buffer | undefined> {
    for (;;) {
      const end = /\r?\n\r?\n/.exec(this.#unread.toString('latin1'));
      if (end !== null) return this.#take(end.index + end[0].length);
      if (!(await this.#more())) return undefined;
    }
  }

  /** @returns whether the body arrived whole */
  async #readBody(request: Request): Promise<boolean> {
    const chunked = request.values('transfer-encoding').join().toLowerCase().includes('chunked');
    if (chunked) return this.#readChunked(request);
    const [length = '0'] = request.values('content-length');
    return this.#pass(request, Number.parseInt(length, 10) || 0);
  }

  async #readChunked(request: Request): Promise<boolean> {
    for (;;) {
      const size = await this.#readLine();
      if (size === undefined) return false;
      const bytes = Number.parseInt(size, 16);
      if (!(bytes > 0)) break;
      if (!(await this.#pass(request, bytes))) return false;
      await this.#readLine();
    }
    for (;;) {
      const trailer = await this.#readLine();
      if (trailer === undefined) return false;
      if (trailer.trim() === '') return true;
    }
  }

  async #readLine(): Promise<string | undefined> {
    for (;;) {
      const end = this.#unread.indexOf('\n');
      if (end !== -1) return this.#take(end + 1).toString('latin1');
      if (!(await this.#more())) return undefined;
    }
  }

  async #pass(request: Request, bytes: number): Promise<boolean> {
    for (let left = bytes; left > 0;) {
      if (this.#unread.length === 0 && !(await this.#more())) return false;
      const chunk = this.#take(Math.min(left, this.#unread.length));
      request.add(chunk);
      left -= chunk.length;
    }
    return true;
  }

  #take(bytes: number): Buffer {
    const taken = this.#unread.subarray(0, bytes);
    this.#unread = this.#unread.subarray(bytes);
    return taken;
  }
}

class Request implements RawRequest {
  readonly #connection: Connection;
  readonly #rawHead: Buffer;
  readonly #hash: Hash = createHash('sha256');
  readonly #kept: Buffer[] = [];
  readonly #ended = Promise.withResolvers<Buffer>();
  readonly line: string;
  readonly method: string;
  readonly target: string;
  readonly fields: RawHead['fields'];
  readonly values: RawHead['values'];
  bodyBytes = 0;

  constructor(head: Buffer, connection: Connection) {
    this.#rawHead = head;
    this.#connection = connection;
    const { line, fields, values } = rawHead(headText(head));
    this.line = line;
    this.fields = fields;
    this.values = values;
    const [method = '', target = ''] = line.split(' ');
    this.method = method;
    this.target = target;
  }

  get connection(): number {
    return this.#connection.number;
  }

  /** Stays pending where the body never became whole. */
  get whole(): Promise<Buffer> {
    return this.#ended.promise;
  }

  get bytes(): Buffer {
    return Buffer.concat([this.#rawHead, ...this.#kept]);
  }

  async sha256(): Promise<string> {
    await this.#ended.promise;
    return this.#hash.copy().digest('hex');
  }

  add(chunk: Buffer): void {
    if (this.bodyBytes < KEPT_BYTES) this.#kept.push(chunk);
    this.bodyBytes += chunk.length;
    this.#hash.update(chunk);
  }

  finish(): void {
    this.#ended.resolve(Buffer.concat(this.#kept));
  }
}

function replyOn(socket: Socket): Reply {
  const reply: Reply = {
    socket,
    async send(bytes) {
      if (socket.destroyed || socket.writableEnded) return;
      const more = typeof bytes === 'string' ? socket.write(bytes, 'latin1') : socket.write(bytes);
      if (more) return;
      await new Promise<void>((resolve) => {
        const taken = (): void => {
          socket.off('drain', taken).off('close', taken);
          resolve();
        };
        socket.on('drain', taken).on('close', taken);
      });
    },
    async trickle(bytes, ms = 0) {
      const all = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
      for (const byte of all) {
        await reply.send(Uint8Array.of(byte));
        await delay(ms);
      }
    },
    cut: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    stopReading: () => void socket.pause(),
  };
  return reply;
}
