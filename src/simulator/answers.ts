import { errmsgOf } from './errmsgs.ts';

export type AnswerHeaders = Readonly<Record<string, string | readonly string[]>>;

/** A body made while it is sent, for answers too large to hold. */
export interface ByteStream {
  readonly lengthBytes: number;
  readonly chunks: () => Iterable<Buffer>;
}

/** What WeChat answers. `Content-Length`, `Connection` and `Date` are added when it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Buffer | ByteStream;
  /** The errcode in the body, when the answer is an error. */
  readonly errcode?: number;
  /** The answer ends its connection. */
  readonly close?: boolean;
  /** The answer goes out chunked, without `Content-Length`. */
  readonly chunked?: boolean;
}

/** The two content types WeChat sends JSON with (`encoding` instead of `charset` is its own). */
type JsonType = 'text/plain' | 'application/json; encoding=utf-8';

// Shared by all answers: no header objects are made per request.
const HEADERS: Readonly<Record<JsonType, AnswerHeaders>> = {
  'text/plain': { 'Content-Type': 'text/plain' },
  'application/json; encoding=utf-8': { 'Content-Type': 'application/json; encoding=utf-8' },
};

export function json(value: unknown, type: JsonType = 'application/json; encoding=utf-8'): Answer {
  return { status: 200, headers: HEADERS[type], body: Buffer.from(JSON.stringify(value)) };
}

const OK = json({ errcode: 0, errmsg: 'ok' });

export function ok(): Answer {
  return OK;
}

/** An error answer as WeChat gives it: HTTP 200, its text, a `rid` at the end. */
export function refusal(
  errcode: number,
  type: JsonType = 'application/json; encoding=utf-8',
  errmsg = errmsgOf(errcode),
): Answer {
  return { ...json({ errcode, errmsg: `${errmsg} rid: ${newRid()}` }, type), errcode };
}

export function binary(contentType: string, body: Buffer): Answer {
  return { status: 200, headers: { 'Content-Type': contentType }, body };
}

/** The empty answer to a chunked upload, or to a POST without a length. */
export function lengthRefused(): Answer {
  return { status: 412, headers: {}, body: Buffer.alloc(0) };
}

/** A request id in WeChat's form: the time in seconds, then two random numbers. */
export function newRid(): string {
  return [Date.now() / 1000, randomUint32(), randomUint32()]
    .map((part) => Math.floor(part).toString(16).padStart(8, '0'))
    .join('-');
}

function randomUint32(): number {
  return Math.random() * 0x1_0000_0000;
}
