import { Agent, request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { DEMO_ACCOUNT } from '../../../src/simulator/demo-account.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../../src/simulator/simulator.ts';

/** A clock that stands still until it is moved. */
export interface FakeClock {
  now: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as JSON. */
  readonly json: Record<string, unknown>;
}

export interface Desk {
  readonly simulator: Simulator;
  readonly clock: FakeClock;
  readonly get: (path: string) => Promise<Reply>;
  readonly post: (path: string, body: unknown, headers?: OutgoingHttpHeaders) => Promise<Reply>;
  /** A new token through `GET /cgi-bin/token`. */
  readonly classicToken: () => Promise<string>;
  /** A token through `POST /cgi-bin/stable_token`. */
  readonly stableToken: (force?: boolean) => Promise<string>;
  /** The errcode of an API call made with this token; 0 when it is let through. */
  readonly errcodeWith: (token: string, path?: string) => Promise<unknown>;
}

export const CREDENTIALS = `appid=${DEMO_ACCOUNT.appid}&secret=${DEMO_ACCOUNT.appsecret}`;
export const TOKEN_CALL = `/cgi-bin/token?grant_type=client_credential&${CREDENTIALS}`;

export function stableBody(force = false): Record<string, unknown> {
  const { appid, appsecret: secret } = DEMO_ACCOUNT;
  return { grant_type: 'client_credential', appid, secret, force_refresh: force };
}

/** A simulator with a clock that stands still, taken down at the end of the test. */
export async function desk(
  t: { teardown: (end: () => Promise<void>) => void },
  options: SimulatorOptions = {},
): Promise<Desk> {
  const clock = { now: Date.parse('2026-05-01T04:00:00Z') };
  const simulator = await startSimulator({ now: () => clock.now, ...options });
  const agent = new Agent({ keepAlive: true });
  t.teardown(async () => {
    agent.destroy();
    await simulator.stop();
  });
  const get = (path: string): Promise<Reply> => call(simulator, agent, 'GET', path);
  const post: Desk['post'] = (path, body, headers) =>
    call(simulator, agent, 'POST', path, bytesOf(body), headers);
  return {
    simulator,
    clock,
    get,
    post,
    classicToken: async () => String((await get(TOKEN_CALL)).json['access_token']),
    stableToken: async (force) =>
      String((await post('/cgi-bin/stable_token', stableBody(force))).json['access_token']),
    errcodeWith: async (token, path = '/cgi-bin/getcallbackip') =>
      (await get(`${path}?access_token=${token}`)).json['errcode'] ?? 0,
  };
}

/** What comes back over a connection of its own on which exactly these bytes were sent. */
export async function exchange(simulator: Simulator, bytes: string): Promise<string> {
  return text(dial(simulator, bytes));
}

export function dial(simulator: Simulator, bytes: string): Socket {
  const socket = connect(simulator.port, '127.0.0.1');
  socket.write(bytes);
  return socket;
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function call(
  { port }: Simulator,
  agent: Agent,
  method: string,
  path: string,
  body?: Buffer,
  headers: OutgoingHttpHeaders = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = body ? { 'Content-Length': body.length } : {};
    const options = { host: '127.0.0.1', port, agent, method, path };
    const req = request({ ...options, headers: { ...length, ...headers } }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.once('error', reject);
      res.once('end', () => resolve(new Received(res.statusCode ?? 0, res.headers, chunks)));
    });
    req.once('error', reject);
    req.end(body);
  });
}

class Received implements Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;

  constructor(status: number, headers: IncomingHttpHeaders, chunks: readonly Buffer[]) {
    this.status = status;
    this.headers = headers;
    this.body = Buffer.concat(chunks);
  }

  get json(): Record<string, unknown> {
    return JSON.parse(this.body.toString()) as Record<string, unknown>;
  }
}
