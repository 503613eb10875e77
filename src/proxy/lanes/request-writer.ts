import type { Socket } from 'node:net';
import type { UpstreamRequest } from './lane.ts';

/** Writes one request to its connection. */
export class RequestWriter {
  /** Whether the socket has been given all of it. */
  done = false;

  readonly #socket: Socket;
  readonly #progressed: () => void;

  /** @param progressed told of each piece of a body that the socket has been given */
  constructor(socket: Socket, progressed: () => void) {
    this.#socket = socket;
    this.#progressed = progressed;
  }

  /**
   * @param host what `Host` says
   * @param keeps whether the connection is kept for other requests
   * @throws {TypeError} for a body that is still arriving
   */
  write(request: UpstreamRequest, host: string, keeps: boolean): void {
    const { body } = request;
    const head = headText(request, host, keeps);
    if (body === undefined) this.#socket.write(head, 'latin1');
    else if (Buffer.isBuffer(body)) this.#socket.write(joined(head, body));
    else if (Array.isArray(body)) {
      this.#socket.write(head, 'latin1');
      this.#writePieces(body as readonly Buffer[], 0);
      return;
    } else throw new TypeError('a body that is not held does not leave here');
    this.done = true;
  }

  #writePieces(pieces: readonly Buffer[], from: number): void {
    for (let next = from; next < pieces.length;) {
      const more = this.#socket.write(pieces[next++] as Buffer);
      this.#progressed();
      if (more || next === pieces.length) continue;
      this.#socket.once('drain', () => this.#writePieces(pieces, next));
      return;
    }
    this.done = true;
  }
}

/**
 * The head of a request as it leaves (RFC 9112 sections 3 and 5), one character per byte. It is not looked at
 * again: what the app sent was let in by Node's parser, which refuses CR, LF and NUL anywhere in a line, and
 * what is put in is encoded where it is put in.
 */
function headText(
  { method, path, headers }: UpstreamRequest,
  host: string,
  keeps: boolean,
): string {
  const persistence = keeps ? 'keep-alive' : 'close';
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${persistence}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n`;
}

/** Head and body, to leave in one write. */
function joined(head: string, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 'latin1');
  bytes.set(body, head.length);
  return bytes;
}
