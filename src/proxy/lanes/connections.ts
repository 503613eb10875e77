/**
 * The connections of a lane to its upstream: undici Clients that carry one request at a time. undici's
 * `Pool` does the same for every kind of dispatcher: what it looks at and emits to do so costs each request
 * more CPU time (`npm run bench`), and it gives the first free connection, not the last used one.
 */
import { buildConnector, Client } from 'undici';

/** Who wants a connection. */
export interface Borrower {
  /** Theirs until they give it back. */
  lend(connection: Connection): void;
  /** Called every `tickMs` while they have one. */
  tick(): void;
}

/** A connection, or the place of one: it is opened, and opened again, by what is sent on it. */
export class Connection extends Client {
  /** Whether it has answered since it was opened: only then may a reset mean "it was dead". */
  answered = false;
  borrower: Borrower | undefined;

  constructor(origin: string, options: Client.Options) {
    super(origin, options);
    const isNew = (): void => {
      this.answered = false;
    };
    this.on('connect', isNew).on('disconnect', isNew);
  }
}

interface ConnectionsOptions extends Client.Options {
  readonly max: number;
  readonly connectTimeoutMs: number;
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

  constructor(origin: string, { max, connectTimeoutMs, tickMs, ...options }: ConnectionsOptions) {
    // One for all, or each would keep TLS sessions of its own.
    const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
    this.#open = () => new Connection(origin, { ...options, connect });
    this.#max = max;
    // This process may have stalled: what came meanwhile is read first.
    this.#clock = setInterval(() => setImmediate(() => this.#tick()), tickMs).unref();
  }

  /** Lends a connection at once where one is free, else in the order of asking. */
  borrow(borrower: Borrower): void {
    const connection = this.#idle.pop() ?? this.#another();
    if (connection === undefined) this.#waiting.add(borrower);
    else lend(connection, borrower);
  }

  /** It wants none any more. */
  forget(borrower: Borrower): void {
    this.#waiting.delete(borrower);
  }

  /** @param broken it will have to be opened again */
  giveBack(connection: Connection, broken: boolean): void {
    connection.borrower = undefined;
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      // undici is not done with the answer yet.
      queueMicrotask(() => lend(connection, next));
    } else if (broken) this.#idle.unshift(connection);
    else this.#idle.push(connection);
  }

  #tick(): void {
    for (const { borrower } of this.#all) borrower?.tick();
  }

  #another(): Connection | undefined {
    if (this.#all.length >= this.#max) return undefined;
    const connection = this.#open();
    this.#all.push(connection);
    return connection;
  }

  /** What is under way fails. */
  async close(): Promise<void> {
    clearInterval(this.#clock);
    await Promise.all(this.#all.map((connection) => connection.destroy()));
  }
}

function lend(connection: Connection, borrower: Borrower): void {
  connection.borrower = borrower;
  borrower.lend(connection);
}
