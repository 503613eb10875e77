import { buildConnector } from 'undici';
import { Connection } from './connection.ts';
import { readBytes } from './read-bytes.ts';

/** Who wants a connection. */
export interface Borrower {
  /** Theirs until they give it back. */
  lend(connection: Connection): void;
}

export interface ConnectionsOptions {
  readonly upstream: URL;
  readonly max: number;
  readonly connectTimeoutMs: number;
  /** How long one is kept while idle; 0: each is good for one request. */
  readonly idleMs: number;
  /** How often those who send are told that time goes by, and idle ones are looked at. */
  readonly tickMs: number;
}

/** At most `max` connections; the most recently used one, which is the likeliest to be alive, comes first. */
export class Connections {
  readonly #open: () => Connection;
  readonly #max: number;
  readonly #all: Connection[] = [];
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Borrower>();
  readonly #clock: NodeJS.Timeout;
  #due: (() => void)[] = [];
  #closed = false;

  constructor({ upstream, max, connectTimeoutMs, idleMs, tickMs }: ConnectionsOptions) {
    // One for all, or each would keep TLS sessions of its own.
    const connect = buildConnector({
      timeout: connectTimeoutMs,
      allowH2: false,
      onread: readBytes,
    });
    const soon = (run: () => void): void => this.#soon(run);
    this.#open = () => new Connection({ upstream, connect, idleMs, soon });
    this.#max = max;
    // This process may have stalled: what came meanwhile is read first.
    this.#clock = setInterval(() => setImmediate(() => this.#tick()), tickMs).unref();
  }

  /** Lends a connection at once where one is free, else in the order of asking. */
  borrow(borrower: Borrower): void {
    if (this.#closed) return borrower.lend(this.#dead());
    const connection = this.#idle.pop() ?? this.#another();
    if (connection === undefined) this.#waiting.add(borrower);
    else borrower.lend(connection);
  }

  /** It wants none any more. */
  forget(borrower: Borrower): void {
    this.#waiting.delete(borrower);
  }

  giveBack(connection: Connection): void {
    if (this.#closed) return;
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next.lend(connection);
    } else if (connection.isOpen) this.#idle.push(connection);
    else this.#idle.unshift(connection);
  }

  /** One immediate for all that wait: each costs every request. */
  #soon(run: () => void): void {
    if (this.#due.push(run) > 1) return;
    setImmediate(() => {
      const due = this.#due;
      this.#due = [];
      for (const each of due) each();
    });
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const connection of this.#all) connection.tick(nowMs);
  }

  #another(): Connection | undefined {
    if (this.#all.length >= this.#max) return undefined;
    const connection = this.#open();
    this.#all.push(connection);
    return connection;
  }

  /** One that nothing can be sent on. */
  #dead(): Connection {
    const connection = this.#open();
    connection.destroy();
    return connection;
  }

  /** What is under way fails, and whatever is sent from now on. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#clock);
    for (const connection of this.#all) connection.destroy();
    for (const borrower of this.#waiting) borrower.lend(this.#dead());
    this.#waiting.clear();
  }
}
