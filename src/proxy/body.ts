/**
 * Decides whether a request's body is held or streamed, and holds it. Every upstream request gets a
 * Content-Length: WeChat answers chunked ones with an empty 412. Nothing is ever cut short.
 */
import type { IncomingMessage } from 'node:http';
import { ClientGone, ProxyError } from '../errors.ts';
import type { Exchange } from './exchange.ts';

export interface BodyLimits {
  /** A body up to here may be held. */
  readonly bodyBytes: number;
  /** What all requests together may hold. */
  readonly memoryBytes: number;
}

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'held'; readonly bytes: Buffer }
  /** `because` says why it cannot be replayed; undefined: it was never to be. */
  | {
      readonly kind: 'streamed';
      readonly contentLength: number;
      readonly because: 'too_large' | 'memory' | undefined;
    };

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
  #heldBytes = 0;

  constructor(limits: BodyLimits, idleTimeoutMs: number) {
    this.#limits = limits;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** Bytes held now, of all requests. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * @param plan.wanted whether the body is to be held if it fits
   * @param plan.limitBytes what fits, where that is less than usual
   * @throws {ProxyError} ERR_LENGTH_REQUIRED, ERR_OVERLOADED, ERR_REQUEST_REFUSED (408)
   * @throws {ClientGone}
   */
  async receive(
    exchange: Exchange,
    { wanted, limitBytes = this.#limits.bodyBytes }: { wanted: boolean; limitBytes?: number },
  ): Promise<Body> {
    const { req } = exchange;
    const contentLength = announcedLength(req);
    const plan = planBody({
      contentLength,
      wanted,
      freeBytes: this.#limits.memoryBytes - this.#heldBytes,
      limitBytes,
    });
    if (plan === 'none') return { kind: 'none' };
    inviteBody(exchange);
    if (plan === 'hold')
      return { kind: 'held', bytes: await this.#hold(exchange, contentLength, limitBytes) };
    return {
      kind: 'streamed',
      contentLength: contentLength as number,
      because:
        plan === 'stream:too_large' ? 'too_large' : plan === 'stream:memory' ? 'memory' : undefined,
    };
  }

  /** A held body is needed no longer. */
  release(body: Body): void {
    if (body.kind === 'held') this.#heldBytes -= body.bytes.length;
  }

  #hold(
    exchange: Exchange,
    contentLength: number | undefined,
    limitBytes: number,
  ): Promise<Buffer> {
    const { req } = exchange;
    const chunks: Buffer[] = [];
    let reservedBytes = contentLength ?? 0;
    let receivedBytes = 0;
    this.#heldBytes += reservedBytes;
    return new Promise<Buffer>((resolve, reject) => {
      const done = (): void => {
        exchange.whenGone(undefined);
        exchange.whenSilent(undefined);
        exchange.whenMalformed(undefined);
        req.removeAllListeners('data').removeAllListeners('end').removeAllListeners('error');
        req.on('error', () => {}); // the socket's end is heard by the exchange
      };
      const fail = (error: Error): void => {
        done();
        this.#heldBytes -= reservedBytes;
        reject(error);
      };
      exchange.whenGone(() => fail(new ClientGone()));
      exchange.whenSilent(() => fail(silent(this.#idleTimeoutMs)));
      exchange.whenMalformed(fail);
      if (exchange.gone) return;
      req.on('error', () => fail(new ClientGone()));
      req.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        receivedBytes += chunk.length;
        if (contentLength !== undefined) return;
        if (receivedBytes > limitBytes) return fail(tooLarge(limitBytes));
        if (this.#heldBytes + chunk.length > this.#limits.memoryBytes) return fail(noMemory());
        reservedBytes += chunk.length;
        this.#heldBytes += chunk.length;
      });
      req.on('end', () => {
        done();
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, receivedBytes));
      });
    });
  }
}

/** 0: no body; undefined: its length shows when it ends. */
function announcedLength(req: IncomingMessage): number | undefined {
  if (req.headers['transfer-encoding'] !== undefined) return undefined;
  return Number(req.headers['content-length'] ?? 0);
}

/** The app waits for leave to send (RFC 9110 section 10.1.1): it is given only to what is not refused. */
function inviteBody({ req, res }: Exchange): void {
  if (req.headers.expect !== undefined) res.writeContinue();
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

function silent(afterMs: number): ProxyError {
  return new ProxyError(
    'ERR_REQUEST_REFUSED',
    `the request's body stopped arriving for ${afterMs} ms`,
    { status: 408 },
  );
}
