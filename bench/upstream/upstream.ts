/**
 * The TLS upstream: answers only when the right token is there. On raw sockets, with answers
 * rendered beforehand, because it shares a core with the load and must not be what is measured.
 */
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import { ACCOUNTS } from './accounts.ts';
import { ANSWERS, json } from './answers.ts';
import type { Certificate } from './certificate.ts';

export interface Received {
  readonly head: string;
  readonly bodySha256: string;
}

export interface Upstream {
  /** `127.0.0.1:1234` */
  readonly address: string;
  /** Requests whose token was missing or wrong, or whose body had no length. */
  wrong: number;
  tokenCalls: number;
  /** Opened since the start. */
  connections: number;
  /** While it is a list, every request is noted there. */
  record: Received[] | undefined;
  close(): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const ACCOUNT = '\r\nx-bench-account: ';
const TOKEN_0 = `access_token=${ACCOUNTS.token(0)}`;

export async function startUpstream({ key, cert }: Certificate): Promise<Upstream> {
  const server = createServer({ key, cert, minVersion: 'TLSv1.3', noDelay: true }, (socket) => {
    sockets.add(socket);
    upstream.connections += 1;
    const connection = new Connection(socket, upstream);
    socket.on('data', (chunk) => connection.data(chunk));
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  const sockets = new Set<Socket>();
  // A contender that does not trust us hangs up in the middle of the handshake.
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: Upstream = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    wrong: 0,
    tokenCalls: 0,
    connections: 0,
    record: undefined,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return upstream;
}

class Connection {
  readonly #socket: Socket;
  readonly #upstream: Upstream;
  #pending: Buffer | undefined;
  #head = '';
  #bodyLeft = 0;
  #inBody = false;
  #hash: Hash | undefined;
  #body: Buffer[] | undefined;

  constructor(socket: Socket, upstream: Upstream) {
    this.#socket = socket;
    this.#upstream = upstream;
  }

  data(chunk: Buffer): void {
    let rest: Buffer | undefined = chunk;
    while (rest !== undefined && rest.length > 0) {
      rest = this.#inBody ? this.#readBody(rest) : this.#readHead(rest);
    }
  }

  /** @returns what comes behind it */
  #readHead(chunk: Buffer): Buffer | undefined {
    const bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
    const end = bytes.indexOf(HEAD_END);
    if (end === -1) {
      this.#pending = bytes;
      return undefined;
    }
    this.#pending = undefined;
    this.#head = bytes.toString('latin1', 0, end + 2);
    const behind = end + 4;
    // Of what comes here only a POST has a body.
    if (this.#head.startsWith('POST')) {
      const length = CONTENT_LENGTH.exec(this.#head)?.[1];
      if (length === undefined) {
        this.#upstream.wrong += 1;
        this.#socket.end(ANSWERS.noLength);
        return undefined;
      }
      this.#bodyLeft = Number(length);
    }
    if (this.#upstream.record !== undefined) this.#hash = createHash('sha256');
    if (this.#head.startsWith('POST /cgi-bin/stable_token')) this.#body = [];
    if (this.#bodyLeft > 0) this.#inBody = true;
    else this.#answer();
    return behind === bytes.length ? undefined : bytes.subarray(behind);
  }

  #readBody(chunk: Buffer): Buffer | undefined {
    const part = chunk.length <= this.#bodyLeft ? chunk : chunk.subarray(0, this.#bodyLeft);
    this.#hash?.update(part);
    this.#body?.push(part);
    this.#bodyLeft -= part.length;
    if (this.#bodyLeft > 0) return undefined;
    this.#inBody = false;
    this.#answer();
    return part.length === chunk.length ? undefined : chunk.subarray(part.length);
  }

  #answer(): void {
    const head = this.#head;
    const { record } = this.#upstream;
    if (this.#hash !== undefined && record !== undefined) {
      record.push({ head, bodySha256: this.#hash.digest('hex') });
    }
    this.#hash = undefined;
    if (this.#body !== undefined) {
      this.#answerTokenCall(Buffer.concat(this.#body).toString());
      this.#body = undefined;
      return;
    }
    if (!head.includes(tokenOf(head))) {
      this.#upstream.wrong += 1;
      this.#socket.write(ANSWERS.wrongToken);
      return;
    }
    this.#socket.write(answerTo(head));
  }

  #answerTokenCall(body: string): void {
    this.#upstream.tokenCalls += 1;
    const { appid } = JSON.parse(body) as { appid: string };
    const token = ACCOUNTS.token(ACCOUNTS.index(appid));
    this.#socket.write(json(JSON.stringify({ access_token: token, expires_in: 7200 })));
  }
}

function tokenOf(head: string): string {
  const at = head.indexOf(ACCOUNT);
  if (at === -1) return TOKEN_0;
  return `access_token=${ACCOUNTS.token(Number.parseInt(head.slice(at + ACCOUNT.length), 10))}`;
}

function answerTo(head: string): Buffer {
  if (head.startsWith('GET /cgi-bin/user/info?')) return ANSWERS.get;
  if (head.startsWith('POST /cgi-bin/message/template/send?')) return ANSWERS.post;
  if (head.startsWith('POST /cgi-bin/media/upload?')) return ANSWERS.upload;
  if (head.startsWith('GET /cgi-bin/media/get?')) return ANSWERS.download;
  return ANSWERS.wrongToken;
}
