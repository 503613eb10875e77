/** One keep-alive connection of the load: writes a request, reads its answer, both at little cost. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Target {
  readonly port: number;
  /** Speak TLS, and trust this CA alone. */
  readonly ca?: string;
}

export interface Answer {
  readonly status: number;
  readonly bodyBytes: number;
  /** Only where asked for. */
  readonly head: string;
  readonly body: Buffer | undefined;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

export class LoadConnection {
  readonly #socket: Socket;
  readonly #collect: boolean;
  #done: (answer: Answer | Error) => void = () => {};
  #pending: Buffer | undefined;
  #head = '';
  #bodyLeft = -1;
  #bodyBytes = 0;
  #body: Buffer[] = [];

  private constructor(socket: Socket, collect: boolean) {
    this.#socket = socket;
    this.#collect = collect;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('error', (error) => this.#done(error));
    socket.on('close', () => this.#done(new Error('the connection was closed')));
  }

  /** @param collect keep heads and bodies: for proofs */
  static async open({ port, ca }: Target, collect = false): Promise<LoadConnection> {
    const socket =
      ca === undefined
        ? connectTcp({ port, host: '127.0.0.1' })
        : connectTls({ port, host: '127.0.0.1', ca });
    await once(socket, ca === undefined ? 'connect' : 'secureConnect');
    return new LoadConnection(socket, collect);
  }

  get closed(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  /** One request at a time. @param done called once, with an error where the connection broke */
  send(request: Buffer, done: (answer: Answer | Error) => void): void {
    this.#done = done;
    this.#head = '';
    this.#bodyBytes = 0;
    this.#socket.write(request);
  }

  exchange(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.send(request, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
    });
  }

  close(): void {
    this.#done = () => {};
    this.#socket.destroy();
  }

  #data(chunk: Buffer): void {
    if (this.#head !== '') {
      this.#readBody(chunk);
      return;
    }
    const bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
    const end = bytes.indexOf(HEAD_END);
    if (end === -1) {
      this.#pending = bytes;
      return;
    }
    this.#pending = undefined;
    this.#head = bytes.toString('latin1', 0, end + 2);
    const length = CONTENT_LENGTH.exec(this.#head)?.[1];
    this.#bodyLeft = length === undefined ? -1 : Number(length);
    this.#readBody(bytes.subarray(end + 4));
  }

  #readBody(chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    if (this.#collect) this.#body.push(chunk);
    if (this.#bodyLeft >= 0) {
      this.#bodyLeft -= chunk.length;
      if (this.#bodyLeft <= 0) this.#end();
    } else if (chunk.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)) {
      // Chunked: its length is not checked then, and a proof refuses it.
      this.#end();
    }
  }

  #end(): void {
    const answer: Answer = {
      status: Number(this.#head.slice(9, 12)),
      bodyBytes: this.#bodyBytes,
      head: this.#head,
      body: this.#collect ? Buffer.concat(this.#body) : undefined,
    };
    if (this.#collect) this.#body = [];
    this.#head = '';
    const done = this.#done;
    this.#done = () => {};
    done(answer);
  }
}
