/** A client without an HTTP library: sends exact bytes, and reads answers as they come. */
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';
import { headText, rawHead, type RawHead } from './raw-head.ts';

export interface RawAnswer extends RawHead {
  readonly status: number;
  /** First line of the head. */
  readonly line: string;
  readonly body: Buffer;
  /** How the body ended: as its head promised, with the connection, or short of the promise. */
  readonly end: 'whole' | 'closed' | 'cut';
  readonly trailers: RawHead['fields'];
}

export interface RawAnswerHead extends RawHead {
  readonly status: number;
  readonly line: string;
}

/** What the connection came to. */
export type Ending = 'closed' | 'reset';

export class RawClient {
  readonly socket: Socket;
  /** Everything received so far that no answer has claimed. */
  unread: Buffer = Buffer.alloc(0);
  /** Undefined while the other side has not ended the connection. */
  ending: Ending | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.unread = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
      this.#wake();
    });
    socket.on('end', () => this.#end('closed'));
    socket.on('error', () => this.#end('reset'));
    socket.on('close', () => this.#end('reset'));
  }

  /** Sends bytes as they are; text: one byte per character. */
  send(bytes: string | Uint8Array): this {
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1');
    else this.socket.write(bytes);
    return this;
  }

  /** A request made of a request line, fields and a body; `Host` and the empty line are added. */
  request(line: string, fields: readonly string[] = [], body: string | Uint8Array = ''): this {
    const lines = [
      line.includes(' HTTP/') ? line : `${line} HTTP/1.1`,
      'Host: localhost',
      ...fields,
    ];
    const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
    return this.send(Buffer.concat([head, bytes]));
  }

  /**
   * The next answer, complete or cut. An interim answer (1xx) is an answer of its own.
   * @param method of the request: the answer to HEAD has no body
   * @throws where none begins within `withinMs`
   */
  async answer(method = 'GET', withinMs = 10_000): Promise<RawAnswer> {
    const head = await this.head(withinMs);
    const { status } = head;
    const none = { body: Buffer.alloc(0), end: 'whole', trailers: [] } as const;
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) {
      return { ...head, ...none };
    }
    if (head.values('transfer-encoding').length > 0) {
      return { ...head, ...(await this.#chunked(withinMs)) };
    }
    const [length] = head.values('content-length');
    if (length === undefined) {
      await this.#until(() => this.ending !== undefined, 'the answer ends', withinMs);
      const body = this.take(this.unread.length);
      return { ...head, body, trailers: [], end: this.ending === 'closed' ? 'closed' : 'cut' };
    }
    const bytes = Number(length);
    await this.available(bytes, withinMs);
    const whole = this.unread.length >= bytes;
    const body = this.take(Math.min(bytes, this.unread.length));
    return { ...head, body, trailers: [], end: whole ? 'whole' : 'cut' };
  }

  /** The next answer's head alone. */
  async head(withinMs = 10_000): Promise<RawAnswerHead> {
    await this.#until(
      () => this.unread.includes('\r\n\r\n') || this.ending !== undefined,
      'an answer begins',
      withinMs,
    );
    const end = this.unread.indexOf('\r\n\r\n');
    if (end === -1) {
      throw new Error(
        `the connection was ${this.ending} instead of an answer, after: ${JSON.stringify(this.unread.toString('latin1').slice(0, 200))}`,
      );
    }
    const head = rawHead(headText(this.take(end + 4)));
    return { ...head, status: Number(head.line.split(' ')[1]) };
  }

  /** Waits until `bytes` bytes are unread, or nothing more will come. */
  async available(bytes: number, withinMs = 10_000): Promise<void> {
    await this.#until(
      () => this.unread.length >= bytes || this.ending !== undefined,
      `${bytes} bytes arrive`,
      withinMs,
    );
  }

  take(bytes: number): Buffer {
    const taken = this.unread.subarray(0, bytes);
    this.unread = this.unread.subarray(bytes);
    return taken;
  }

  /** Waits for the other side to end the connection. */
  async ended(withinMs = 10_000): Promise<Ending> {
    await this.#until(() => this.ending !== undefined, 'the connection ends', withinMs);
    return this.ending as Ending;
  }

  /** Goes away at once. */
  vanish(): void {
    this.socket.destroy();
  }

  /** Goes away with a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  async #chunked(withinMs: number): Promise<Pick<RawAnswer, 'body' | 'end' | 'trailers'>> {
    const chunks: Buffer[] = [];
    const cut = () => ({ body: Buffer.concat(chunks), end: 'cut', trailers: [] }) as const;
    for (;;) {
      const line = await this.#line(withinMs);
      if (line === undefined) return cut();
      const bytes = Number.parseInt(line, 16);
      if (Number.isNaN(bytes)) throw new Error(`this is no chunk size: ${JSON.stringify(line)}`);
      if (bytes === 0) break;
      await this.available(bytes + 2, withinMs);
      chunks.push(this.take(Math.min(bytes, this.unread.length)));
      if (this.take(2).toString() !== '\r\n') return cut();
    }
    const trailers: string[] = [];
    for (;;) {
      const line = await this.#line(withinMs);
      if (line === undefined) return cut();
      if (line !== '') {
        trailers.push(line);
        continue;
      }
      const { fields } = rawHead(['', ...trailers].join('\r\n'));
      return { body: Buffer.concat(chunks), end: 'whole', trailers: fields };
    }
  }

  async #line(withinMs: number): Promise<string | undefined> {
    await this.#until(
      () => this.unread.includes('\r\n') || this.ending !== undefined,
      'a line arrives',
      withinMs,
    );
    const end = this.unread.indexOf('\r\n');
    return end === -1
      ? undefined
      : this.take(end + 2)
          .toString('latin1')
          .slice(0, -2);
  }

  #end(how: Ending): void {
    this.ending ??= how;
    this.#wake();
  }

  #wake(): void {
    for (const check of this.#waiting) check();
  }

  #until(holds: () => boolean, what: string, withinMs: number): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`not within ${withinMs} ms: ${what}`));
      }, withinMs);
      const check = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }
}

/** @param url `http://127.0.0.1:1234` */
export async function rawClient(t: Test, url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return new RawClient(socket);
}
