/**
 * Decides whether a request's body is held or streamed, and holds it. Every upstream request gets a
 * Content-Length: WeChat answers chunked ones with an empty 412. Nothing is ever cut short.
 */
import type { IncomingMessage } from 'node:http';
import { ProxyError } from '../errors.ts';
import type { Exchange } from './exchange.ts';
import type { HeldBytes } from './held-bytes.ts';
import { Holding, type HeldMemory } from './holding.ts';

interface BodyLimits {
  /** A body up to here may be held. */
  readonly bodyBytes: number;
  /** What all requests together may hold. */
  readonly memoryBytes: number;
}

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'held'; readonly bytes: HeldBytes }
  /** `because` says why it cannot be replayed; undefined: it was never to be. */
  | {
      readonly kind: 'streamed';
      readonly contentLength: number;
      readonly because: 'too_large' | 'memory' | undefined;
    };

const NO_BODY: Body = { kind: 'none' };

export type BodyPlan = 'none' | 'hold' | 'stream' | 'stream:too_large' | 'stream:memory';

export interface BodyFacts {
  /** undefined: chunked. */
  readonly contentLength: number | undefined;
  /** Whether the call could be replayed, or its body must be read before it can be sent. */
  readonly wanted: boolean;
  /** Bytes that may still be held, of all requests. */
  readonly freeBytes: number;
  readonly limitBytes: number;
}

/** What to do with a body, before a byte of it is read. */
export function planBody({ contentLength, wanted, freeBytes, limitBytes }: BodyFacts): BodyPlan {
  if (contentLength === 0) return 'none';
  if (contentLength === undefined) return 'hold'; // it cannot be sent before its length is known
  if (!wanted) return 'stream';
  if (contentLength > limitBytes) return 'stream:too_large';
  return contentLength > freeBytes ? 'stream:memory' : 'hold';
}

/** Keeps the bytes of all held bodies under one limit. */
export class BodyReceiver {
  readonly #limits: BodyLimits;
  readonly #idleTimeoutMs: number;
  readonly #memory: HeldMemory;

  constructor(limits: BodyLimits, idleTimeoutMs: number) {
    this.#limits = limits;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#memory = { bytes: 0, limitBytes: limits.memoryBytes };
  }

  /** Bytes held now, of all requests. */
  get heldBytes(): number {
    return this.#memory.bytes;
  }

  /**
   * At once where there is nothing to wait for.
   * @param plan.wanted whether the body is to be held if it fits
   * @param plan.limitBytes what fits, where that is less than usual
   * @param use what is to become of it: a promise less than one more `then`. Must not throw
   * @throws {ProxyError} ERR_LENGTH_REQUIRED, ERR_OVERLOADED, ERR_REQUEST_REFUSED (408, 417)
   * @throws {ClientGone}
   */
  receive<T>(
    exchange: Exchange,
    { wanted, limitBytes = this.#limits.bodyBytes }: { wanted: boolean; limitBytes?: number },
    use: (body: Body) => T,
  ): T | Promise<T> {
    const { req } = exchange;
    const expectsLeave = awaitsLeave(req);
    const contentLength = announcedLength(req);
    const plan = planBody({
      contentLength,
      wanted,
      freeBytes: this.#limits.memoryBytes - this.#memory.bytes,
      limitBytes,
    });
    // Also where there is no body: without leave, Node ends the connection with the answer.
    if (expectsLeave) giveLeave(exchange);
    if (plan === 'none') return use(NO_BODY);
    if (plan === 'hold') return this.#hold(exchange, contentLength, limitBytes, use);
    return use({
      kind: 'streamed',
      contentLength: contentLength as number,
      because:
        plan === 'stream:too_large' ? 'too_large' : plan === 'stream:memory' ? 'memory' : undefined,
    });
  }

  /** A held body is needed no longer. */
  release(body: Body): void {
    if (body.kind === 'held') this.#memory.bytes -= body.bytes.length;
  }

  #hold<T>(
    exchange: Exchange,
    contentLength: number | undefined,
    limitBytes: number,
    use: (body: Body) => T,
  ): Promise<T> {
    const limits = { limitBytes, idleTimeoutMs: this.#idleTimeoutMs };
    return new Promise((resolve, reject) => {
      const held = (bytes: HeldBytes): void => resolve(use({ kind: 'held', bytes }));
      new Holding(exchange, contentLength, limits, this.#memory, held, reject).begin();
    });
  }
}

/** 0: no body; undefined: its length shows when it ends. */
function announcedLength(req: IncomingMessage): number | undefined {
  if (req.headers['transfer-encoding'] !== undefined) return undefined;
  const length = Number(req.headers['content-length'] ?? 0);
  if (Number.isSafeInteger(length)) return length;
  // As a number it is another one, which the upstream would be told.
  throw new ProxyError('ERR_REQUEST_REFUSED', 'nobody has a body of that length to send', {
    status: 413,
  });
}

/**
 * Whether the app waits for leave to send (RFC 9110 section 10.1.1): it is given only to what is not
 * refused. HTTP/1.0 has no such thing, and no interim answers.
 * @throws {ProxyError} 417 for any other expectation
 */
function awaitsLeave({ headers, httpVersionMinor }: IncomingMessage): boolean {
  if (headers.expect === undefined || httpVersionMinor === 0) return false;
  for (const expectation of headers.expect.split(',')) {
    if (expectation.trim().toLowerCase() === '100-continue') continue;
    throw new ProxyError(
      'ERR_REQUEST_REFUSED',
      'the Expect header asks for more than "100-continue": leave it out',
      { status: 417, closes: true },
    );
  }
  return true;
}

function giveLeave({ res }: Exchange): void {
  if (res.socket !== null) {
    res.writeContinue();
    return;
  }
  // Another answer comes first. Node would put this one's head before the leave, and its body behind;
  // and where the body comes without leave, it is no reason to end the connection.
  (res as { _expect_continue?: boolean })._expect_continue = false;
  res.once('socket', () => {
    if (!res.headersSent) res.writeContinue();
  });
}
