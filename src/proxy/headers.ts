/**
 * Which header fields travel on. Fields are raw lists (name, value, name, value, …) as Node hands
 * them out, so that order, casing, repetition and latin-1 bytes survive.
 */

import { blanked } from './blank.ts';

/** RFC 9110 section 7.6.1, with the older names that proxies still send. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Fields of a request that end here: ours to write, meant for us, or of one connection. */
const ENDS_HERE: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'host',
  'content-length',
  'expect',
  'http2-settings',
  'trailer', // trailers are dropped: upstream requests have a Content-Length
  'x-wechat-appid',
  'x-wxproxy-key',
  'x-wxproxy-rejected',
]);

/** The field names that `Connection` says belong to this connection only, in lower case. */
function connectionOptions(raw: readonly string[]): ReadonlySet<string> | undefined {
  let options: Set<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    if ((raw[i] as string).length !== 10 || raw[i]?.toLowerCase() !== 'connection') continue;
    if (raw[i + 1] === 'keep-alive') continue; // nearly always
    for (const option of (raw[i + 1] as string).split(',')) {
      const name = option.trim().toLowerCase();
      if (name !== '' && name !== 'keep-alive' && name !== 'close')
        (options ??= new Set()).add(name);
    }
  }
  return options;
}

/** What the app's fields leave for the upstream. Ours are added afterwards, so nothing can remove them. */
export function forwardedHeaders(raw: readonly string[]): string[] {
  const dropped = connectionOptions(raw);
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    if (ENDS_HERE.has(name) || dropped?.has(name)) continue;
    kept.push(raw[i] as string, raw[i + 1] as string);
  }
  return kept;
}

/** An answer's fields as the app gets them, and what they say of the body. */
export interface AnswerHead {
  readonly headers: string[];
  /** undefined: the length shows only when the body ends. */
  readonly contentLength: number | undefined;
  /** In lower case; `identity` where there is none. */
  readonly contentEncoding: string;
}

/** @param secrets what was put into the request: an upstream that quotes it must not hand it on */
export function answerHead(
  raw: readonly string[],
  via: string,
  secrets: readonly string[] = [],
): AnswerHead {
  const dropped = connectionOptions(raw);
  const headers: string[] = [];
  let contentLength: number | undefined;
  let contentEncoding = 'identity';
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    if (name === 'content-length') contentLength = Number(value);
    else if (HOP_BY_HOP.has(name) || dropped?.has(name)) continue;
    else if (name === 'content-encoding')
      contentEncoding = value.trim().toLowerCase() || 'identity';
    headers.push(raw[i] as string, blanked(value, secrets));
  }
  headers.push('Via', via);
  return { headers, contentLength, contentEncoding };
}

/** An answer's trailers as the app gets them (RFC 9110 section 6.5): nothing of one connection. */
export function answerTrailers(raw: readonly string[], secrets: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    if (HOP_BY_HOP.has(name) || name === 'content-length') continue;
    kept.push(raw[i] as string, blanked(raw[i + 1] as string, secrets));
  }
  return kept;
}

/** Removes every field of this (lower-case) name from the list itself. */
export function dropField(headers: string[], name: string): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]?.toLowerCase() === name) headers.splice(i, 2);
  }
}
