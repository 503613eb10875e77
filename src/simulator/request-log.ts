import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ReceivedBody } from './request-body.ts';

// Enough of a JSON body to read what was asked; a log of full uploads would fill the memory.
const SHOWN_BODY_BYTES = 4_096;

/** A request as it came. It holds tokens and secrets: for tests only. */
export interface LoggedRequest {
  /** Counts from 1. */
  readonly number: number;
  readonly method: string;
  /** Path and query, exactly as sent. */
  readonly url: string;
  /** Names and values in turn, exactly as sent. */
  readonly rawHeaders: readonly string[];
  /** Counts the sockets from 1: two requests with one number came over one connection. */
  readonly socket: number;
  /** Position of this request on its socket, from 1. */
  readonly onSocket: number;
  /** Absent until the body has arrived whole. */
  readonly bodyBytes?: number;
  /** SHA-256 of the body in lowercase hex; absent until it has arrived whole. */
  readonly bodySha256?: string;
  /** The body as text, when it is not empty and at most 4 KiB. */
  readonly bodyText?: string;
  /** `open`, then `answered`, or `aborted` when the connection went before the answer was out. */
  readonly end: 'open' | 'answered' | 'aborted';
}

type Entry = { -readonly [Key in keyof LoggedRequest]: LoggedRequest[Key] };

interface Waiter {
  readonly condition: (requests: readonly LoggedRequest[]) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The last requests, in a ring of fixed size. */
export class RequestLog {
  readonly #size: number;
  readonly #sockets = new WeakMap<Socket, { readonly number: number; requests: number }>();
  #ring: Entry[] = [];
  #seen = 0;
  #socketsSeen = 0;
  #waiters: Waiter[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  add(req: IncomingMessage): LoggedRequest {
    const socket = this.#socket(req.socket);
    socket.requests += 1;
    const entry: Entry = {
      number: this.#seen + 1,
      method: req.method ?? '',
      url: req.url ?? '',
      rawHeaders: req.rawHeaders,
      socket: socket.number,
      onSocket: socket.requests,
      end: 'open',
    };
    this.#ring[this.#seen % this.#size] = entry;
    this.#seen += 1;
    this.#wake();
    return entry;
  }

  arrived(request: LoggedRequest, body: ReceivedBody): void {
    const entry: Entry = request;
    entry.bodyBytes = body.lengthBytes;
    entry.bodySha256 = body.sha256;
    if (body.lengthBytes > 0 && body.lengthBytes <= SHOWN_BODY_BYTES) {
      entry.bodyText = body.kept.toString();
    }
    this.#wake();
  }

  ended(request: LoggedRequest, end: 'answered' | 'aborted'): void {
    const entry: Entry = request;
    entry.end = end;
    this.#wake();
  }

  /** The requests kept, oldest first. */
  list(): readonly LoggedRequest[] {
    if (this.#seen <= this.#size) return this.#ring.slice();
    const oldest = this.#seen % this.#size;
    return [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)];
  }

  /** Settles as soon as the condition holds; it is looked at after every change of the log. */
  until(condition: Waiter['condition']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ condition, resolve, reject });
      this.#wake();
    });
  }

  clear(): void {
    this.#ring = [];
    this.#seen = 0;
  }

  /** Nothing more will come: those who still wait are told so. */
  close(): void {
    for (const waiter of this.#waiters) {
      waiter.reject(new Error('the simulator was stopped before the awaited requests came'));
    }
    this.#waiters = [];
  }

  #socket(socket: Socket): { readonly number: number; requests: number } {
    const known = this.#sockets.get(socket);
    if (known) return known;
    this.#socketsSeen += 1;
    const added = { number: this.#socketsSeen, requests: 0 };
    this.#sockets.set(socket, added);
    return added;
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const requests = this.list();
    this.#waiters = this.#waiters.filter((waiter) => {
      try {
        if (!waiter.condition(requests)) return true;
        waiter.resolve();
      } catch (error) {
        waiter.reject(error as Error);
      }
      return false;
    });
  }
}
