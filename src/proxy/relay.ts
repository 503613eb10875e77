/**
 * Passes the upstream's answer on to the app, for both lanes: same header policy, same inspection,
 * same back-pressure. The bytes are the upstream's own, always.
 */
import { STATUS_CODES } from 'node:http';
import { ProxyError } from '../errors.ts';
import type { Token } from '../token/token.ts';
import { isRejection } from '../wechat/errcodes.ts';
import { quotesToken } from '../wechat/routes.ts';
import { blanked, withoutTokens } from './blank.ts';
import type { Call } from './call.ts';
import type { Exchange } from './exchange.ts';
import { answerHead, answerTrailers, dropField, type AnswerHead } from './headers.ts';
import { Inspector } from './inspect.ts';
import { hintKeepAlive } from './keep-alive.ts';

/** An answer up to here goes out in one write with its head. */
const ONE_WRITE_BYTES = 16 * 1024;
/** No rejection and no answer that quotes a URL is larger. */
const WITHHELD_LIMIT_BYTES = 256 * 1024;
/** Printable characters and tabs. */
const ASCII = /^[\t\x20-\x7e]*$/;
/** Silence after which an undecided answer that already holds nested values is passed on. */
const STALL_MS = 250;

export class Relay {
  /** WeChat's errcode, where the answer has one at its top level. */
  errcode: number | undefined;
  /** HTTP status of the answer; 0 before its head. */
  status = 0;

  readonly #exchange: Exchange;
  readonly #via: string;
  readonly #withhold: boolean;
  readonly #secret: string | undefined;
  readonly #quotes: boolean;
  #reason = '';
  #head: AnswerHead | undefined;
  #inspector: Inspector | undefined;
  #receivedBytes = 0;
  #held: Buffer[] = [];
  #holding = true;
  #rejected = false;
  #trailers: [string, string][] = [];
  #stall: NodeJS.Timeout | undefined;

  /**
   * @param via our entry in `Via`
   * @param withhold keep an answer that rejects the token from the app until `release`: the request can be
   *   replayed
   * @param secret what was put into the request: it is taken out of the answer's head, and of an error's body
   * @param quotes the answer's body quotes requests, tokens included: it is held until it can be cleaned whole
   */
  constructor(
    exchange: Exchange,
    via: string,
    withhold: boolean,
    secret: string | undefined,
    quotes: boolean,
  ) {
    this.#exchange = exchange;
    this.#via = via;
    this.#withhold = withhold;
    this.#secret = secret;
    this.#quotes = quotes;
  }

  /** Whether the answer rejects the token and is kept from the app. */
  get rejected(): boolean {
    return this.#rejected;
  }

  /** @param rawHeaders flat list of names and values @param reason the status line's phrase */
  head(status: number, reason: string, rawHeaders: readonly string[]): void {
    this.status = status;
    // Of a phrase beyond ASCII every reader makes something else, and nobody needs it.
    const usual = STATUS_CODES[status] ?? '';
    this.#reason = reason !== usual && ASCII.test(reason) ? blanked(reason, this.#secret) : usual;
    this.#head = answerHead(rawHeaders, this.#via, this.#secret);
    this.#inspector = new Inspector(this.#head.contentEncoding);
    if (this.#quotes && this.#head.contentEncoding !== 'identity') {
      throw new ProxyError(
        'ERR_UPSTREAM_RESET',
        'the answer quotes the token and came compressed although it was not to be: not passed on',
      );
    }
  }

  /**
   * @param drained called once when the app can take more, where this returned false
   * @returns whether the upstream may go on
   */
  data(chunk: Buffer, drained: () => void): boolean {
    this.#receivedBytes += chunk.length;
    if (!this.#holding) {
      this.#inspect(chunk);
      return this.#write(chunk, drained);
    }
    this.#held.push(chunk);
    this.#inspect(chunk);
    if (this.#mustHold()) return true;
    return this.#release(drained);
  }

  /** The answer is complete. Writes the rest, unless it is withheld. */
  end(rawTrailers: readonly string[] = []): void {
    clearTimeout(this.#stall);
    this.#inspector?.end();
    this.#trailers = answerTrailers(rawTrailers, this.#secret);
    if (!this.#rejected) this.#finish();
  }

  /** Gives a withheld answer to the app after all. */
  release(): void {
    this.#rejected = false;
    this.#finish();
  }

  /** The answer was cut, or nobody wants it: nothing more is written. */
  stop(): void {
    clearTimeout(this.#stall);
    this.#held = [];
  }

  #inspect(chunk: Buffer): void {
    const inspector = this.#inspector as Inspector;
    if (inspector.decided) return;
    inspector.push(chunk, this.#receivedBytes === this.#head?.contentLength);
    this.errcode = inspector.errcode;
    if (this.#withhold && this.#holding && this.errcode !== undefined) {
      this.#rejected = isRejection(this.errcode);
    }
  }

  #mustHold(): boolean {
    if (this.#quotes) {
      if (this.#receivedBytes <= WITHHELD_LIMIT_BYTES) return true;
      throw new ProxyError(
        'ERR_UPSTREAM_RESET',
        'an answer that quotes the token is too large to be blanked',
      );
    }
    if (this.#rejected) {
      this.#rejected = this.#receivedBytes <= WITHHELD_LIMIT_BYTES;
      return this.#rejected;
    }
    // An error may quote the request: it is small, and cleaned as a whole.
    if (this.#isError()) return this.#receivedBytes <= ONE_WRITE_BYTES;
    if (!this.#withhold) return this.#isWholeAndSmall();
    const inspector = this.#inspector as Inspector;
    if (!inspector.decided) {
      if (inspector.looksLikeData) this.#passOnWhenStalled();
      return true;
    }
    return this.#isWholeAndSmall();
  }

  #isError(): boolean {
    return this.errcode !== undefined && this.errcode !== 0 && this.#secret !== undefined;
  }

  /** Then `end` follows at once and one write does for everything. */
  #isWholeAndSmall(): boolean {
    return (
      this.#receivedBytes === this.#head?.contentLength && this.#receivedBytes <= ONE_WRITE_BYTES
    );
  }

  /** An upstream that pauses in the middle of its data must not pause the app's first byte as well. */
  #passOnWhenStalled(): void {
    clearTimeout(this.#stall);
    this.#stall = setTimeout(() => {
      if (this.#holding && !this.#rejected) this.#release(() => {});
    }, STALL_MS);
  }

  #release(drained: () => void): boolean {
    clearTimeout(this.#stall);
    this.#holding = false;
    const held = this.#held;
    this.#held = [];
    let more = true;
    for (const chunk of held) more = this.#write(chunk, drained) && more;
    return more;
  }

  #write(chunk: Buffer, drained: () => void): boolean {
    const { res } = this.#exchange;
    if (!res.headersSent) this.#writeHead();
    if (res.write(chunk)) return true;
    res.removeAllListeners('drain');
    res.once('drain', drained);
    return false;
  }

  #writeHead(): void {
    const { res } = this.#exchange;
    const { headers, contentLength } = this.#head as AnswerHead;
    if (!this.#mayHaveTrailers()) dropField(headers, 'trailer');
    hintKeepAlive(res, headers, contentLength !== undefined);
    res.writeHead(this.status, this.#reason, headers);
  }

  /** Only chunked answers have trailers; Node throws where others announce some. */
  #mayHaveTrailers(): boolean {
    const { req } = this.#exchange;
    return (
      this.#head?.contentLength === undefined &&
      req.httpVersionMinor > 0 &&
      req.method !== 'HEAD' &&
      this.status !== 204 &&
      this.status !== 304
    );
  }

  #finish(): void {
    const { res } = this.#exchange;
    if (!res.headersSent) this.#writeHead();
    if (this.#trailers.length > 0) res.addTrailers(this.#trailers);
    const body = this.#blanked();
    this.#held = [];
    this.#holding = false;
    if (body === undefined) res.end();
    // As latin-1 text head and body leave in one write, and every byte stays what it is.
    else if (body.length <= ONE_WRITE_BYTES) res.end(body.toString('latin1'), 'latin1');
    else res.end(body);
  }

  #blanked(): Buffer | undefined {
    if (this.#held.length === 0) return undefined;
    const body = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    if (this.#quotes) {
      return Buffer.from(withoutTokens(body.toString('latin1'), this.#secret), 'latin1');
    }
    if (!this.#isError()) return body;
    return Buffer.from(blanked(body.toString('latin1'), this.#secret), 'latin1');
  }
}

/** @param token what the request carried; it is what must not come back, as is the secret of a code exchange */
export function relayOf(
  exchange: Exchange,
  call: Call,
  token: Token | undefined,
  withhold: boolean,
  via: string,
): Relay {
  const secret = call.route === 'code-exchange' ? call.account.secret?.reveal() : token?.value;
  return new Relay(exchange, via, withhold, secret, quotesToken(call.canonical));
}
