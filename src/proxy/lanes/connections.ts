/**
 * The connections of a lane to its upstream: undici Clients that carry one request at a time. A `Pool`
 * of undici's does the same for more kinds of dispatchers, and costs each request more than all our
 * metrics do.
 */
import { buildConnector, Client } from 'undici';

/** Who wants a connection. */
export interface Borrower {
  /** Theirs until they give it back. */
  lend(connection: Connection): void;
}

/** A connection, or the place of one: it is opened, and opened again, by what is sent on it. */
export class Connection extends Client {
  /** Whether it has answered since it was opened: only then may a reset mean "it was dead". */
  answered = false;

  constructor(origin: string, options: Client.Options) {
    super(origin, options);
    const isNew = (): void => {
      this.answered = false;
    };
    this.on('connect', isNew).on('disconnect', isNew);
  }
}

export interface ConnectionsOptions extends Client.Options {
  readonly max: number;
  readonly connectTimeoutMs: number;
}

/** At most `max` connections; the most recently used one, which is the likeliest to be alive, comes first. */
export class Connections {
  readonly #open: () => Connection;
  readonly #max: number;
  readonly #all: Connection[] = [];
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Borrower>();

  constructor(origin: string, { max, connectTimeoutMs, ...options }: ConnectionsOptions) {
    // One for all, or each would keep TLS sessions of its own.
    const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false });
    this.#open = () => new Connection(origin, { ...options, connect });
    this.#max = max;
  }

  /** Lends a connection at once where one is free, else in the order of asking. */
  borrow(borrower: Borrower): void {
    const connection = this.#idle.pop() ?? this.#another();
    if (connection === undefined) this.#waiting.add(borrower);
    else borrower.lend(connection);
  }

  /** It wants none any more. */
  forget(borrower: Borrower): void {
    this.#waiting.delete(borrower);
  }

  /** @param broken it will have to be opened again */
  giveBack(connection: Connection, broken: boolean): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      // undici is not done with the answer yet.
      queueMicrotask(() => next.lend(connection));
    } else if (broken) this.#idle.unshift(connection);
    else this.#idle.push(connection);
  }

  #another(): Connection | undefined {
    if (this.#all.length >= this.#max) return undefined;
    const connection = this.#open();
    this.#all.push(connection);
    return connection;
  }

  /** What is under way fails. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map((connection) => connection.destroy()));
  }
}
