/** A connection to the raw upstream: takes requests off it one by one, and has each answered. */
import type { Socket } from 'node:net';
import { replyOn, type Reply } from './raw-reply.ts';
import { ArrivingRequest, KEPT_BYTES, type RawRequest } from './raw-request.ts';

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

export interface ConnectionParts {
  arrived(request: RawRequest, connection: Connection): void;
  issue(): Promise<Buffer>;
  answer(): Answer | string | Uint8Array;
}

export class Connection implements RawConnection {
  number = 0;
  closed = false;
  readonly requests: ArrivingRequest[] = [];
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
      const request = new ArrivingRequest(head, this);
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
  async #readBody(request: ArrivingRequest): Promise<boolean> {
    const chunked = request.values('transfer-encoding').join().toLowerCase().includes('chunked');
    if (chunked) return this.#readChunked(request);
    const [length = '0'] = request.values('content-length');
    return this.#pass(request, Number.parseInt(length, 10) || 0);
  }

  async #readChunked(request: ArrivingRequest): Promise<boolean> {
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

  async #pass(request: ArrivingRequest, bytes: number): Promise<boolean> {
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
