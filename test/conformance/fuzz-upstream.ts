/**
 * An upstream that keeps its connections and reads what comes as generously as it can: whatever an
 * attacker could get past a proxy is a request here. It forgets what it has reported.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { headText, rawHead } from '../helpers/raw-head.ts';

export interface UpstreamRequest {
  readonly method: string;
  readonly target: string;
  /** As it came, empty line included. One character per byte, like the body. */
  readonly head: string;
  readonly body: string;
  /** False: the connection ended in the middle of the body. */
  readonly complete: boolean;
}

export interface FuzzUpstream {
  /** `http://127.0.0.1:1234` */
  readonly url: string;
  readonly tokenCalls: number;
  readonly connections: number;
  stop(): Promise<void>;
}

const TOKEN = `fuzz-upstream-token-${'x'.repeat(100)}`;
const TOKEN_ANSWER = answer([], JSON.stringify({ access_token: TOKEN, expires_in: 7200 }));

/** @param report called for every request but token calls, before it is answered */
export async function startFuzzUpstream(
  report: (request: UpstreamRequest) => void,
): Promise<FuzzUpstream> {
  const sockets = new Set<Socket>();
  let tokenCalls = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const reader = new Reader((request) => {
      if (/^\/+cgi-bin\/(?:stable_)?token\b/i.test(request.target)) {
        tokenCalls++;
        socket.write(TOKEN_ANSWER, 'latin1');
        return;
      }
      report(request);
      if (!request.complete) return;
      const [path = ''] = request.target.split('?');
      const whole = answer([`X-Echo: ${request.method} ${path}`], '{"errcode":0}');
      const bytes = request.method === 'HEAD' ? whole.slice(0, -'{"errcode":0}'.length) : whole;
      socket.write(bytes, 'latin1');
    });
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => reader.push(text));
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      reader.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get tokenCalls() {
      return tokenCalls;
    },
    get connections() {
      return sockets.size;
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function answer(fields: readonly string[], body: string): string {
  const lines = ['HTTP/1.1 200 OK', ...fields, `Content-Length: ${body.length}`];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

class Reader {
  readonly #report: (request: UpstreamRequest) => void;
  #unread = '';

  constructor(report: (request: UpstreamRequest) => void) {
    this.#report = report;
  }

  push(text: string): void {
    this.#unread += text;
    while (this.#next(false));
  }

  end(): void {
    while (this.#next(true));
  }

  #next(ended: boolean): boolean {
    const end = /\r?\n\r?\n/.exec(this.#unread);
    if (end === null) return false;
    const head = this.#unread.slice(0, end.index + end[0].length);
    const rest = this.#unread.slice(head.length);
    const { line, values } = rawHead(headText(Buffer.from(head, 'latin1')));
    const [method = '', target = ''] = line.split(' ');
    const isChunked = /chunked/i.test(values('transfer-encoding').join());
    const length = Number.parseInt(values('content-length')[0] ?? '0', 10) || 0;
    const chunks = isChunked ? /^[^]*?0\r?\n\r?\n/.exec(rest)?.[0] : undefined;
    const body = isChunked ? (chunks ?? rest) : rest.slice(0, length);
    const complete = isChunked ? chunks !== undefined : body.length >= length;
    if (!complete && !ended) return false;
    this.#unread = rest.slice(body.length);
    this.#report({ method, target, head, body, complete });
    return true;
  }
}
