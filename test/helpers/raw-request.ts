/** A request as its exact bytes, read as generously as the worst of servers would. */
import { createHash, type Hash } from 'node:crypto';
import { headText, rawHead, type RawHead } from './raw-head.ts';

export interface RawRequest extends RawHead {
  /** Counts the connections that carried other than token calls, from 1. */
  readonly connection: number;
  /** First line of the head, and its parts as a generous server reads them. */
  readonly line: string;
  readonly method: string;
  readonly target: string;
  /** Resolves with the body (its first bytes, where it is larger than is kept) when it is whole. */
  readonly whole: Promise<Buffer>;
  /** Of the body so far. */
  readonly bodyBytes: number;
  /** Lower-case hex, of the whole body. */
  sha256(): Promise<string>;
  /** Head and body as they came; the body's first bytes where it is larger than is kept. */
  readonly bytes: Buffer;
}

/** Of each body and each connection, so that a 300 MB upload does not stay in memory. */
export const KEPT_BYTES = 1024 * 1024;

export class ArrivingRequest implements RawRequest {
  readonly #connection: { readonly number: number };
  readonly #rawHead: Buffer;
  readonly #hash: Hash = createHash('sha256');
  readonly #kept: Buffer[] = [];
  readonly #ended = Promise.withResolvers<Buffer>();
  readonly line: string;
  readonly method: string;
  readonly target: string;
  readonly fields: RawHead['fields'];
  readonly values: RawHead['values'];
  bodyBytes = 0;

  constructor(head: Buffer, connection: { readonly number: number }) {
    this.#rawHead = head;
    this.#connection = connection;
    const { line, fields, values } = rawHead(headText(head));
    this.line = line;
    this.fields = fields;
    this.values = values;
    const [method = '', target = ''] = line.split(' ');
    this.method = method;
    this.target = target;
  }

  get connection(): number {
    return this.#connection.number;
  }

  /** Stays pending where the body never became whole. */
  get whole(): Promise<Buffer> {
    return this.#ended.promise;
  }

  get bytes(): Buffer {
    return Buffer.concat([this.#rawHead, ...this.#kept]);
  }

  async sha256(): Promise<string> {
    await this.#ended.promise;
    return this.#hash.copy().digest('hex');
  }

  add(chunk: Buffer): void {
    if (this.bodyBytes < KEPT_BYTES) this.#kept.push(chunk);
    this.bodyBytes += chunk.length;
    this.#hash.update(chunk);
  }

  finish(): void {
    this.#ended.resolve(Buffer.concat(this.#kept));
  }
}
