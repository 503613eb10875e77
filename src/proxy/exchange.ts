import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Account } from '../account/account.ts';
import { ClientGone, type ProxyError } from '../errors.ts';
import type { Route } from '../wechat/routes.ts';

/** Distinguishes the processes whose logs meet in one place. */
const PROCESS_ID = Math.random().toString(36).slice(2, 8);

/**
 * One request and its answer. Knows when the app has gone away, also while the request is still
 * queued behind another one on its connection: then only the socket says so.
 */
export class Exchange {
  readonly id: string;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The answer before this one on the connection, perhaps still owed. */
  readonly before: ServerResponse | undefined;
  /** Monotonic ms. */
  readonly startedMs = performance.now();
  /** Set as soon as they are known; an exchange that is refused early has neither. */
  account: Account | undefined;
  route: Route | undefined;

  #gone = false;
  #onGone: (() => void) | undefined;
  #onSilent: (() => void) | undefined;
  #malformed: ProxyError | undefined;
  #onMalformed: ((error: ProxyError) => void) | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, number: number, before?: ServerResponse) {
    this.id = `${PROCESS_ID}-${number.toString(36)}`;
    this.req = req;
    this.res = res;
    this.before = before;
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
  async outlast<T>(pending: T | Promise<T>): Promise<T> {
    if (!(pending instanceof Promise)) return pending;
    const gone = new Promise<never>((_, reject) => {
      this.whenGone(() => reject(new ClientGone()));
    });
    try {
      return await Promise.race([pending, gone]);
    } finally {
      this.whenGone(undefined);
    }
  }

  /** What to do at once when the app goes away; the latest call counts. */
  whenGone(run: (() => void) | undefined): void {
    this.#onGone = run;
    if (this.#gone) run?.();
  }

  /** What to do when the app sends nothing although its body is awaited. */
  whenSilent(run: (() => void) | undefined): void {
    this.#onSilent = run;
  }

  /** What to do when the rest of the app's body cannot be read. */
  whenMalformed(run: ((error: ProxyError) => void) | undefined): void {
    this.#onMalformed = run;
    if (this.#malformed !== undefined) run?.(this.#malformed);
  }

  /** The rest of the app's body cannot be read. */
  malformed(error: ProxyError): void {
    this.#malformed = error;
    this.#onMalformed?.(error);
  }

  /** @returns whether the app's body was awaited */
  silence(): boolean {
    this.#onSilent?.();
    return this.#onSilent !== undefined;
  }

  /** The app went away. */
  abort(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#onGone?.();
  }
}

/** All exchanges that are open, by connection. */
export class Exchanges {
  readonly #byConnection = new WeakMap<Socket, Set<Exchange>>();
  /** The last one begun on a connection, open or not: only its body can still be arriving. */
  readonly #latest = new WeakMap<Socket, Exchange>();
  readonly #open = new Set<Exchange>();
  #count = 0;
  #draining = false;
  readonly #waiting = new Set<{ readonly exchanges: Set<Exchange>; readonly run: () => void }>();

  begin(req: IncomingMessage, res: ServerResponse): Exchange {
    const before = this.#latest.get(req.socket)?.res;
    const exchange = new Exchange(req, res, ++this.#count, before);
    if (this.#draining) res.shouldKeepAlive = false;
    this.#open.add(exchange);
    this.on(req.socket).add(exchange);
    this.#latest.set(req.socket, exchange);
    return exchange;
  }

  end(exchange: Exchange): void {
    exchange.whenGone(undefined);
    exchange.whenSilent(undefined);
    exchange.whenMalformed(undefined);
    this.#open.delete(exchange);
    this.on(exchange.req.socket).delete(exchange);
    if (this.#waiting.size > 0) this.#wake();
  }

  #wake(): void {
    for (const wait of this.#waiting) {
      if (wait.exchanges.size > 0) continue;
      this.#waiting.delete(wait);
      wait.run();
    }
  }

  /** The exchanges that a connection waits for. One listener per connection serves them all. */
  on(socket: Socket): Set<Exchange> {
    const known = this.#byConnection.get(socket);
    if (known !== undefined) return known;
    const exchanges = new Set<Exchange>();
    this.#byConnection.set(socket, exchanges);
    socket.once('close', () => {
      for (const exchange of exchanges) exchange.abort();
    });
    return exchanges;
  }

  /** From now on every answer says that its connection ends with it. */
  drain(): void {
    this.#draining = true;
    for (const { res } of this.#open) res.shouldKeepAlive = false;
  }

  get open(): Iterable<Exchange> {
    return this.#open;
  }

  /** Resolves when no exchange is open. */
  empty(): Promise<void> {
    return this.#emptied(this.#open);
  }

  /** The exchange, answered or not, whose body is still arriving on this connection. */
  arrivingOn(socket: Socket): Exchange | undefined {
    const latest = this.#latest.get(socket);
    return latest?.req.complete === false ? latest : undefined;
  }

  /** Resolves when every answer owed on this connection has left. */
  async emptyOn(socket: Socket): Promise<void> {
    await this.#emptied(this.on(socket));
    // An answer can be complete and still queue behind another one, or wait for its reader.
    const res = this.#latest.get(socket)?.res;
    if (res === undefined || res.writableFinished || res.destroyed || socket.destroyed) return;
    await new Promise<void>((resolve) => res.once('close', resolve));
  }

  async #emptied(exchanges: Set<Exchange>): Promise<void> {
    if (exchanges.size === 0) return;
    await new Promise<void>((run) => this.#waiting.add({ exchanges, run }));
  }
}
