import { ClientGone, ProxyError } from '../errors.ts';
import type { Exchange, Watcher } from './exchange.ts';
import { HeldBytes } from './held-bytes.ts';

/** What all held bodies weigh together. */
export interface HeldMemory {
  bytes: number;
  readonly limitBytes: number;
}

interface HoldingLimits {
  /** What a chunked body may grow to. */
  readonly limitBytes: number;
  readonly idleTimeoutMs: number;
}

const NOTHING = new HeldBytes();

/** One body that is being received, to be held whole. */
export class Holding implements Watcher {
  readonly #exchange: Exchange;
  readonly #contentLength: number | undefined;
  readonly #limits: HoldingLimits;
  readonly #memory: HeldMemory;
  #held: (bytes: HeldBytes) => void;
  #reject: (error: Error) => void;
  #received = new HeldBytes();
  #reservedBytes: number;
  #settled = false;

  /**
   * @param contentLength bytes; undefined: chunked
   * @param held takes the whole body; must not throw
   */
  constructor(
    exchange: Exchange,
    contentLength: number | undefined,
    limits: HoldingLimits,
    memory: HeldMemory,
    held: (bytes: HeldBytes) => void,
    reject: (error: Error) => void,
  ) {
    this.#exchange = exchange;
    this.#contentLength = contentLength;
    this.#limits = limits;
    this.#memory = memory;
    this.#held = held;
    this.#reject = reject;
    this.#reservedBytes = contentLength ?? 0;
  }

  begin(): void {
    this.#memory.bytes += this.#reservedBytes;
    this.#exchange.watch(this);
    if (this.#settled) return;
    const { req } = this.#exchange;
    // Never taken off: an error that nobody hears would end the process, and the others do nothing any more.
    req.on('error', () => this.gone());
    req.on('data', (chunk: Buffer) => this.#add(chunk));
    req.on('end', () => this.#end());
  }

  gone(): void {
    this.#fail(new ClientGone());
  }

  silent(): boolean {
    this.#fail(bodySilent(this.#limits.idleTimeoutMs));
    return true;
  }

  malformed(error: ProxyError): void {
    this.#fail(error);
  }

  #add(chunk: Buffer): void {
    if (this.#settled) return;
    this.#received.add(chunk);
    if (this.#contentLength !== undefined) return;
    const { limitBytes } = this.#limits;
    if (this.#received.length > limitBytes) return this.#fail(tooLarge(limitBytes));
    if (this.#memory.bytes + chunk.length > this.#memory.limitBytes) return this.#fail(noMemory());
    this.#reservedBytes += chunk.length;
    this.#memory.bytes += chunk.length;
  }

  #end(): void {
    if (this.#settled) return;
    const bytes = this.#received;
    const held = this.#held;
    this.#settle();
    held(bytes);
  }

  #fail(error: Error): void {
    if (this.#settled) return;
    const reject = this.#reject;
    this.#settle();
    this.#memory.bytes -= this.#reservedBytes;
    reject(error);
  }

  #settle(): void {
    this.#settled = true;
    this.#exchange.watch(undefined);
    // The request outlives its exchange on an idle connection, and its listeners with it: they must not
    // keep the bytes. A promise's functions keep what it resolved to.
    this.#received = NOTHING;
    this.#held = this.#reject = () => {};
  }
}

function tooLarge(limitBytes: number): ProxyError {
  return new ProxyError(
    'ERR_LENGTH_REQUIRED',
    `a chunked body larger than ${limitBytes} bytes cannot be given the Content-Length that WeChat insists on: send one, or raise WXPROXY_REPLAY_BODY_LIMIT`,
  );
}

function noMemory(): ProxyError {
  return new ProxyError(
    'ERR_OVERLOADED',
    'too many chunked bodies are being held at once: send a Content-Length, try again, or raise WXPROXY_REPLAY_MEMORY_LIMIT',
  );
}

/** The app stopped sending in the middle of its request. */
export function bodySilent(afterMs: number): ProxyError {
  return new ProxyError(
    'ERR_REQUEST_REFUSED',
    `the request's body stopped arriving for ${afterMs} ms`,
    { status: 408 },
  );
}
