/** Apps that make many requests at a time and say of each how it ended. */
import { request, type Agent, type OutgoingHttpHeaders } from 'node:http';

export interface Sent {
  readonly id: string;
  /**
   * `whole`: its answer came, all of it. `refused`: no connection, so it was never sent. `closed`: the
   * connection ended before any byte of an answer. Everything else is `lost`.
   */
  readonly outcome: 'whole' | 'refused' | 'closed' | 'lost';
  /** HTTP status, 0 where none came; `why` for people. */
  readonly status: number;
  readonly why: string;
  readonly body: Buffer;
  readonly tookMs: number;
}

export interface Outgoing {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** Says no length of its body. */
  readonly chunked?: boolean;
  readonly agent?: Agent | undefined;
}

let count = 0;

/** Sends one request, marked with an id in its query, and waits for what becomes of it. Never rejects. */
export function send(
  url: string,
  { method = 'GET', path, body, chunked = false, ...rest }: Outgoing,
): Promise<Sent> {
  const id = `t${++count}`;
  const startedMs = performance.now();
  return new Promise((resolve) => {
    let status = 0;
    let readBefore = 0;
    const chunks: Buffer[] = [];
    const req = request({
      ...placeOf(url),
      path: `${path}${path.includes('?') ? '&' : '?'}id=${id}`,
      method,
      ...rest,
      headers: {
        ...rest.headers,
        ...(body === undefined || chunked ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
    });
    const done = (outcome: Sent['outcome'], why = ''): void => {
      const tookMs = performance.now() - startedMs;
      resolve({ id, outcome, status, why, body: Buffer.concat(chunks), tookMs });
    };
    const failed = (error: NodeJS.ErrnoException): void => {
      const bytes = (req.socket?.bytesRead ?? 0) - readBefore;
      const { code = error.message } = error;
      if (code === 'ECONNREFUSED') done('refused', code);
      else if (bytes === 0 && status === 0) done('closed', code);
      else done('lost', `${code} after ${bytes} bytes`);
    };
    req.once('socket', (socket) => {
      readBefore = socket.bytesRead;
    });
    req.once('error', failed);
    req.once('response', (res) => {
      status = res.statusCode ?? 0;
      res.on('data', (chunk: Buffer) => void chunks.push(chunk));
      res.once('error', failed);
      res.once('end', () => done('whole'));
    });
    if (chunked) req.write(body ?? '');
    req.end(chunked ? undefined : body);
  });
}

/** @param url as the proxy says it: `http://127.0.0.1:1234` or `unix:/path` */
function placeOf(url: string): { host: string; port?: string; socketPath?: string } {
  if (url.startsWith('unix:')) return { socketPath: url.slice('unix:'.length), host: 'localhost' };
  const { hostname, port } = new URL(url);
  return { host: hostname, port };
}

export interface Worker {
  /** What one of many apps sends next. */
  readonly next: (app: number, turn: number) => Outgoing;
  readonly apps: number;
  /** Waits between an answer and the next request. */
  readonly pauseMs?: number;
}

/** Apps that each send one request after the other until they are told to stop. */
export class Traffic {
  readonly sent: Sent[] = [];
  readonly #apps: Promise<unknown>;
  #over = false;

  constructor(url: string, { next, apps, pauseMs = 0 }: Worker, agent?: Agent) {
    this.#apps = Promise.all(
      Array.from({ length: apps }, async (_, app) => {
        for (let turn = 0; !this.#over; turn++) {
          this.sent.push(await send(url, { agent, ...next(app, turn) }));
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
      }),
    );
  }

  /** No further requests; resolves when those under way have ended. */
  async stop(): Promise<readonly Sent[]> {
    this.#over = true;
    await this.#apps;
    return this.sent;
  }
}

/** How many ended how. */
export function tally(sent: readonly Sent[]): Readonly<Record<Sent['outcome'], number>> {
  const counts = { whole: 0, refused: 0, closed: 0, lost: 0 };
  for (const { outcome } of sent) counts[outcome] += 1;
  return counts;
}

/** Those that were answered with anything but success, for a message. */
export function failures(sent: readonly Sent[]): readonly string[] {
  return sent
    .filter(({ outcome, status }) => outcome !== 'whole' || status !== 200)
    .map(
      ({ outcome, status, why, body }) => `${outcome} ${status} ${why} ${body.subarray(0, 200)}`,
    );
}
