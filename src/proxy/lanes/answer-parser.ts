/** Takes an HTTP/1.1 answer apart as its bytes come (RFC 9112). What can be read in two ways is refused. */
import { AnswerError, parseHead, parseTrailers, type ParsedHead } from './answer-head.ts';
import { MAX_ANSWER_HEAD_BYTES } from './lane.ts';

/** Who gets the parts of an answer. What it throws comes out of `push`. */
export interface AnswerReader {
  /** Of the final answer; interim ones (RFC 9110 section 15.2) are left out. */
  head(status: number, reason: string, rawHeaders: readonly string[]): void;
  /** @param chunk the reader's own to keep */
  data(chunk: Buffer): void;
  /** @param rawTrailers flat list of names and values */
  end(rawTrailers: readonly string[]): void;
}

/** A chunk's size and its extensions, of which nothing is kept. */
const MAX_CHUNK_LINE_BYTES = 4096;
/** RFC 9112 section 7.1; no blanks around the size, and none of more than 2^52 bytes. */
const CHUNK_LINE = /^([\da-f]{1,13})(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;
const VERSION = 'HTTP/1.';
const CRLF = '\r\n';
const NOTHING: readonly string[] = [];

type Part = 'head' | 'sized' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailers' | 'rest' | 'over';

export class AnswerParser {
  readonly #reader: AnswerReader;
  readonly #toHead: boolean;
  #part: Part = 'head';
  /** Of the body or chunk, what is still to come. */
  #leftBytes = 0;
  /** Text before the mark that is looked for, and its last characters: the mark may be cut in two. */
  #text = '';
  #tail = '';
  #headBytes = 0;
  #head: ParsedHead | undefined;
  /** Whether bytes came behind the answer's end. */
  #surplus = false;

  /** @param toHead whether the request is a HEAD */
  constructor(reader: AnswerReader, toHead: boolean) {
    this.#reader = reader;
    this.#toHead = toHead;
  }

  /** Whether the answer is complete. */
  get over(): boolean {
    return this.#part === 'over';
  }

  /** Whether the connection may carry another request, once the answer is over. */
  get reusable(): boolean {
    return this.over && !this.#surplus && this.#head?.persistent === true;
  }

  /** How long the upstream says to keep the connection. */
  get keepAliveMs(): number | undefined {
    return this.#head?.keepAliveMs;
  }

  /**
   * @param bytes the caller's to use again afterwards
   * @param length how many of them have come
   * @throws {AnswerError} and what the reader throws
   */
  push(bytes: Buffer, length = bytes.length): void {
    for (let at = 0; at < length;) {
      if (this.#part === 'over') {
        this.#surplus = true;
        return;
      }
      at = this.#take(bytes, at, length);
    }
  }

  /**
   * The upstream has ended the connection.
   * @throws {AnswerError} where that is not the answer's end, and what the reader throws
   */
  finish(): void {
    if (this.#part === 'rest') this.#end(NOTHING);
    else if (this.#part !== 'over') throw new AnswerError('the answer ended before its end');
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.#part = 'over';
  }

  /** @returns where the next part begins */
  #take(bytes: Buffer, at: number, length: number): number {
    switch (this.#part) {
      case 'head':
        return this.#takeHead(bytes, at, length);
      case 'chunk-line':
        return this.#takeChunkLine(bytes, at, length);
      case 'chunk-end':
        return this.#takeChunkEnd(bytes, at, length);
      case 'trailers':
        return this.#takeTrailers(bytes, at, length);
      default:
        return this.#takeBody(bytes, at, length);
    }
  }

  #takeHead(bytes: Buffer, at: number, length: number): number {
    const limitBytes = MAX_ANSWER_HEAD_BYTES - this.#headBytes;
    const isFirst = this.#text.length < VERSION.length;
    const end = this.#find(CRLF + CRLF, bytes, at, length, limitBytes);
    if (end === undefined) {
      // Else what speaks another protocol is waited for until a time-out.
      if (isFirst && !VERSION.startsWith(this.#text.slice(0, VERSION.length)))
        throw new AnswerError('the answer is no HTTP/1.1');
      return length;
    }
    const text = this.#found(); // with the last field's CRLF
    this.#headBytes += text.length;
    const head = parseHead(text, this.#toHead);
    if (head.status === 101) throw new AnswerError('the answer switches protocols, unasked');
    if (head.status >= 200) this.#begin(head);
    return end;
  }

  #begin(head: ParsedHead): void {
    this.#head = head;
    this.#reader.head(head.status, head.reason, head.rawHeaders);
    if (this.over) return; // it wants no more
    if (head.body === 'chunked') this.#part = 'chunk-line';
    else if (head.body === 'until-close') this.#part = 'rest';
    else if (head.body === 0) this.#end(NOTHING);
    else {
      this.#part = 'sized';
      this.#leftBytes = head.body;
    }
  }

  #takeBody(bytes: Buffer, at: number, length: number): number {
    const isSized = this.#part !== 'rest';
    const to = isSized ? Math.min(length, at + this.#leftBytes) : length;
    const chunk = Buffer.allocUnsafe(to - at);
    bytes.copy(chunk, 0, at, to);
    this.#reader.data(chunk);
    if (isSized && !this.over) {
      this.#leftBytes -= to - at;
      if (this.#leftBytes === 0) {
        if (this.#part === 'chunk') this.#part = 'chunk-end';
        else this.#end(NOTHING);
      }
    }
    return to;
  }

  #takeChunkLine(bytes: Buffer, at: number, length: number): number {
    const end = this.#find(CRLF, bytes, at, length, MAX_CHUNK_LINE_BYTES);
    if (end === undefined) return length;
    const size = CHUNK_LINE.exec(this.#found())?.[1];
    if (size === undefined) throw new AnswerError('a chunk of the answer has no size');
    this.#leftBytes = Number.parseInt(size, 16);
    if (this.#leftBytes > 0) this.#part = 'chunk';
    else {
      this.#part = 'trailers';
      // So that no trailers at all end as some do.
      this.#text = this.#tail = CRLF;
    }
    return end;
  }

  #takeChunkEnd(bytes: Buffer, at: number, length: number): number {
    const end = this.#find(CRLF, bytes, at, length, CRLF.length);
    if (end === undefined) return length;
    if (this.#found() !== '') throw new AnswerError('a chunk of the answer is longer than it says');
    this.#part = 'chunk-line';
    return end;
  }

  #takeTrailers(bytes: Buffer, at: number, length: number): number {
    const end = this.#find(CRLF + CRLF, bytes, at, length, MAX_ANSWER_HEAD_BYTES);
    if (end === undefined) return length;
    const text = this.#found();
    this.#end(parseTrailers(text.slice(CRLF.length)));
    return end;
  }

  #end(rawTrailers: readonly string[]): void {
    this.#part = 'over';
    this.#reader.end(rawTrailers);
  }

  /**
   * Gathers text up to and with a mark.
   * @returns where the bytes go on behind it; undefined: it is still to come
   */
  #find(
    mark: string,
    bytes: Buffer,
    at: number,
    length: number,
    limitBytes: number,
  ): number | undefined {
    const to = Math.min(length, at + limitBytes - this.#text.length + 1);
    const text = bytes.toString('latin1', at, to);
    const seam = this.#tail.length;
    const found = (seam === 0 ? text : this.#tail + text).indexOf(mark);
    if (found === -1) {
      this.#text += text;
      if (this.#text.length > limitBytes)
        throw new AnswerError('a part of the answer is too large');
      this.#tail = (this.#tail + text).slice(1 - mark.length);
      return undefined;
    }
    const taken = found + mark.length - seam;
    this.#text += text.slice(0, taken);
    this.#tail = '';
    return at + taken;
  }

  /** What `#find` gathered, without the CRLF at its end. */
  #found(): string {
    const text = this.#text.slice(0, -CRLF.length);
    this.#text = '';
    return text;
  }
}
