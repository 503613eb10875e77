import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Controls } from './controls.ts';
import { DEMO_ACCOUNT } from './demo-account.ts';
import { Reception } from './reception.ts';
import { RequestLog } from './request-log.ts';
import { changeRules, DEFAULT_RULES, type Rules } from './rules.ts';
import { World } from './world.ts';

// As long as WeChat seems to keep an idle connection.
const KEEP_ALIVE_TIMEOUT_MS = 20_000;
const LOGGED_REQUESTS = 10_000;

export interface SimulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** appid → AppSecret. Default: the demo account alone. */
  readonly accounts?: Readonly<Record<string, string>>;
  /** Life of a token in ms, default 7,200,000. */
  readonly lifetimeMs?: number;
  /** How long a retired token still works, in ms, default 300,000; at most half of the lifetime. */
  readonly overlapMs?: number;
  /** Any other rule to begin with. */
  readonly rules?: Readonly<Partial<Rules>>;
  /** Clock of the token rules and quotas, epoch ms. Default `Date.now`. */
  readonly now?: () => number;
  /** PEM; with it the simulator speaks https. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  /** When an idle connection is closed, in ms. Default 20,000. */
  readonly keepAliveTimeoutMs?: number;
  /** Requests the log keeps. Default 10,000. */
  readonly loggedRequests?: number;
}

/** A running simulator. */
export interface Simulator extends Controls {
  /** Base URL, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Closes the listener and every connection at once. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a WeChat on your desk.
 * @throws {RangeError} when a rule is out of range
 * @throws {Error} the listener's own error, such as EADDRINUSE
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const running = new RunningSimulator(options);
  await running.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  return running;
}

class RunningSimulator extends Controls implements Simulator {
  readonly #log: RequestLog;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #scheme: 'http' | 'https';
  #host = '';
  #port = 0;

  constructor(options: SimulatorOptions) {
    const world = new World(accountsOf(options), rulesOf(options), options.now ?? Date.now);
    const log = new RequestLog(options.loggedRequests ?? LOGGED_REQUESTS);
    const server = serverOf(options);
    super(world, log, () => server.closeIdleConnections());
    const reception = new Reception(world, log, this, (socket) => this.#reset(socket));
    this.#log = log;
    this.#server = server;
    this.#scheme = options.tls ? 'https' : 'http';
    server.on('request', (req: IncomingMessage, res: ServerResponse) =>
      reception.receive(req, res),
    );
    server.on('connection', (socket: Socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#scheme}://${this.#host}:${this.#port}`;
  }

  async listen(port: number, host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#host = dialable(host);
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#connections) socket.destroy();
    this.#log.close();
    await closed;
  }

  /** A TLS socket cannot reset: the TCP connection under it has to. */
  #reset(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    for (const connection of this.#connections) {
      if (connection.remotePort === remotePort && connection.remoteAddress === remoteAddress) {
        connection.resetAndDestroy();
      }
    }
  }
}

function accountsOf({ accounts }: SimulatorOptions): Readonly<Record<string, string>> {
  return accounts ?? { [DEMO_ACCOUNT.appid]: DEMO_ACCOUNT.appsecret };
}

function rulesOf({ lifetimeMs, overlapMs, rules }: SimulatorOptions): Rules {
  return changeRules(DEFAULT_RULES, {
    ...rules,
    ...(lifetimeMs !== undefined && { lifetimeMs }),
    ...(overlapMs !== undefined && { overlapMs }),
  });
}

function serverOf({ tls, keepAliveTimeoutMs = KEEP_ALIVE_TIMEOUT_MS }: SimulatorOptions): Server {
  const options = { keepAliveTimeout: keepAliveTimeoutMs, keepAliveTimeoutBuffer: 0 };
  const server = tls ? createTlsServer({ ...options, ...tls }) : createServer(options);
  // Node hides headers after this count, and a length hidden that way would be missed.
  server.maxHeadersCount = 0;
  return server;
}

/** The address to dial for a listening host. */
function dialable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
