import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Account } from '../account/account.ts';
import { ClientGone, type ProxyError } from '../errors.ts';
import type { Route } from '../wechat/routes.ts';

/** Distinguishes the processes whose logs meet in one place. */
const PROCESS_ID = Math.random().toString(36).slice(2, 8);

/** Who acts for an exchange at the moment: is told at once what becomes of its app. */
export interface Watcher {
  /** The app went away. */
  gone(): void;
  /** The app has sent nothing for the idle timeout. @returns whether its body is awaited */
  silent?(): boolean;
  /** The rest of the app's body cannot be read. */
  malformed?(error: ProxyError): void;
}

/**
 * One request and its answer. Knows when the app has gone away, also while the request is still
 * queued behind another one on its connection: then only the socket says so.
 */
export class Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly connection: AppConnection;
  /** The answer before this one on the connection, perhaps still owed; undefined once this one has ended. */
  before: ServerResponse | undefined;
  /** Monotonic ms. */
  readonly startedMs = performance.now();
  /** Set as soon as they are known; an exchange that is refused early has none of them. */
  appid: string | undefined;
  /** Where it is in use. */
  account: Account | undefined;
  route: Route | undefined;

  /** Where it is among the open ones; for `Exchanges` alone. */
  place = -1;

  readonly #number: number;
  #gone = false;
  #watcher: Watcher | undefined;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    number: number,
    connection: AppConnection,
  ) {
    this.#number = number;
    this.req = req;
    this.res = res;
    this.connection = connection;
    this.before = connection.latest?.res;
  }

  /** What the log calls it. */
  get id(): string {
    return `${PROCESS_ID}-${this.#number.toString(36)}`;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** @throws {ClientGone} */
  mustBeThere(): void {
    if (this.#gone) throw new ClientGone();
  }

  /**
   * Waits for what others wait for too and this exchange cannot call off.
   * @throws {ClientGone} as soon as the app goes away
   */
  async outlast<T>(pending: Promise<T>): Promise<T> {
    const gone = new Promise<never>((_, reject) => {
      this.watch({ gone: () => reject(new ClientGone()) });
    });
    try {
      return await Promise.race([pending, gone]);
    } finally {
      this.watch(undefined);
    }
  }

  /** The latest one counts; that the app went away before is told to it as well. */
  watch(watcher: Watcher | undefined): void {
    this.#watcher = watcher;
    if (this.#gone) watcher?.gone();
  }

  /** The rest of the app's body cannot be read. Only a chunked one can be so, and that is being held. */
  malformed(error: ProxyError): void {
    this.#watcher?.malformed?.(error);
  }

  /** @returns whether the app's body was awaited */
  silence(): boolean {
    return this.#watcher?.silent?.() ?? false;
  }

  /** The app went away. */
  abort(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#watcher?.gone();
  }
}

/** What is known of one of the apps' connections. */
interface AppConnection {
  readonly open: Exchange[];
  /** The last one begun, open or not: only its body can still be arriving. */
  latest: Exchange | undefined;
}

/**
 * All exchanges that are open, by connection. Kept in arrays: a `Set` whose members come and go with
 * every request leaves a chain of discarded tables behind, which keeps all of them alive until the next
 * collection of the old generation.
 */
export class Exchanges {
  readonly #connections = new WeakMap<Socket, AppConnection>();
  readonly #open: Exchange[] = [];
  #count = 0;
  #draining = false;
  readonly #waiting = new Set<{
    readonly exchanges: readonly Exchange[];
    readonly run: () => void;
  }>();

  begin(req: IncomingMessage, res: ServerResponse): Exchange {
    const connection = this.#connection(req.socket);
    const exchange = new Exchange(req, res, ++this.#count, connection);
    if (this.#draining) res.shouldKeepAlive = false;
    exchange.place = this.#open.push(exchange) - 1;
    connection.open.push(exchange);
    connection.latest = exchange;
    return exchange;
  }

  end(exchange: Exchange): void {
    exchange.watch(undefined);
    exchange.before = undefined; // else the last one on a connection would keep all before it
    const last = this.#open.pop() as Exchange;
    if (last !== exchange) {
      this.#open[exchange.place] = last;
      last.place = exchange.place;
    }
    const { open } = exchange.connection;
    if (open.length === 1) open.pop();
    else open.splice(open.indexOf(exchange), 1);
    if (this.#waiting.size > 0) this.#wake();
  }

  #wake(): void {
    for (const wait of this.#waiting) {
      if (wait.exchanges.length > 0) continue;
      this.#waiting.delete(wait);
      wait.run();
    }
  }

  /** The exchanges that a connection waits for, in their order. */
  on(socket: Socket): readonly Exchange[] {
    return this.#connection(socket).open;
  }

  /** One listener per connection serves all its exchanges. */
  #connection(socket: Socket): AppConnection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection: AppConnection = { open: [], latest: undefined };
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      for (const exchange of connection.open) exchange.abort();
    });
    return connection;
  }

  /** From now on every answer says that its connection ends with it. */
  drain(): void {
    this.#draining = true;
    for (const { res } of this.#open) res.shouldKeepAlive = false;
  }

  /** Resolves when no exchange is open. */
  empty(): Promise<void> {
    return this.#emptied(this.#open);
  }

  /** The exchange, answered or not, whose body is still arriving on this connection. */
  arrivingOn(socket: Socket): Exchange | undefined {
    const latest = this.#connections.get(socket)?.latest;
    return latest?.req.complete === false ? latest : undefined;
  }

  /**
   * Whether everything asked on this connection was answered, and the answers have left. The head of another
   * request may be on its way: it has a time of its own.
   */
  isIdle(socket: Socket): boolean {
    const latest = this.#connections.get(socket)?.latest;
    return latest !== undefined && latest.req.complete && latest.res.writableFinished;
  }

  /** Resolves when every answer owed on this connection has left. */
  async emptyOn(socket: Socket): Promise<void> {
    await this.#emptied(this.on(socket));
    // An answer can be complete and still queue behind another one, or wait for its reader.
    const res = this.#connections.get(socket)?.latest?.res;
    if (res === undefined || res.writableFinished || res.destroyed || socket.destroyed) return;
    await new Promise<void>((resolve) => res.once('close', resolve));
  }

  async #emptied(exchanges: readonly Exchange[]): Promise<void> {
    if (exchanges.length === 0) return;
    await new Promise<void>((run) => this.#waiting.add({ exchanges, run }));
  }
}
