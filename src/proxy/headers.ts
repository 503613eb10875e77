/**
 * Which header fields travel on. Fields are raw lists (name, value, name, value, …) as Node hands
 * them out, so that order, casing, repetition and latin-1 bytes survive.
 */

import { KEY_FIELD, REJECTED_FIELD } from '../token/peer-protocol.ts';
import { blanked } from './blank.ts';

/** Field names in lower case. Looks at the length first: most fields are none of these, and tell so by it. */
class FieldNames {
  readonly #names: ReadonlySet<string>;
  /** A bit for each length, modulo 32: what a shift makes of it. */
  readonly #lengths: number;

  constructor(names: readonly string[]) {
    this.#names = new Set(names);
    this.#lengths = names.reduce((bits, { length }) => bits | (1 << length), 0);
  }

  /** @param name in any case */
  has(name: string): boolean {
    return ((this.#lengths >>> name.length) & 1) === 1 && this.#names.has(name.toLowerCase());
  }
}

/** RFC 9110 section 7.6.1, with the older names that proxies still send. */
const HOP_BY_HOP_NAMES = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
] as const;

const HOP_BY_HOP = new FieldNames(HOP_BY_HOP_NAMES);

/** Fields of a request that end here: ours to write, meant for us, or of one connection. */
const ENDS_HERE = new FieldNames([
  ...HOP_BY_HOP_NAMES,
  'host',
  'content-length',
  'expect',
  'http2-settings',
  'trailer', // trailers are dropped: upstream requests have a Content-Length
  'x-wechat-appid',
  KEY_FIELD,
  REJECTED_FIELD,
]);

/** The field names that `Connection` says belong to this connection only, in lower case. */
function connectionOptions(raw: readonly string[]): FieldNames | undefined {
  let options: string[] | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    if (!isNamed(raw[i] as string, 'connection')) continue;
    if (raw[i + 1] === 'keep-alive') continue; // nearly always
    for (const option of (raw[i + 1] as string).split(',')) {
      const name = option.trim().toLowerCase();
      if (name !== '' && name !== 'keep-alive' && name !== 'close') (options ??= []).push(name);
    }
  }
  return options && new FieldNames(options);
}

/**
 * What the app's fields leave for the upstream. Ours are added afterwards, so nothing can remove them.
 */
export function forwardedHeaders(raw: readonly string[]): string[] {
  const dropped = connectionOptions(raw);
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (ENDS_HERE.has(name) || dropped?.has(name)) continue;
    kept.push(name, raw[i + 1] as string);
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

/** @param secret what was put into the request: an upstream that quotes it must not hand it on */
export function answerHead(raw: readonly string[], via: string, secret?: string): AnswerHead {
  const dropped = connectionOptions(raw);
  const headers: string[] = [];
  let contentLength: number | undefined;
  let contentEncoding = 'identity';
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (isNamed(name, 'content-length')) contentLength = Number(value);
    else if (HOP_BY_HOP.has(name) || dropped?.has(name)) continue;
    else if (isNamed(name, 'content-encoding'))
      contentEncoding = value.trim().toLowerCase() || 'identity';
    headers.push(name, blanked(value, secret));
  }
  headers.push('Via', via);
  return { headers, contentLength, contentEncoding };
}

/**
 * An answer's trailers as the app gets them (RFC 9110 section 6.5): nothing of one connection.
 * @returns names and values, in the pairs that Node wants them in
 */
export function answerTrailers(
  raw: readonly string[],
  secret: string | undefined,
): [string, string][] {
  const kept: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (HOP_BY_HOP.has(name) || isNamed(name, 'content-length')) continue;
    kept.push([name, blanked(raw[i + 1] as string, secret)]);
  }
  return kept;
}

/** Removes every field of this (lower-case) name from the list itself. */
export function dropField(headers: string[], name: string): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (isNamed(headers[i] as string, name)) headers.splice(i, 2);
  }
}

/**
 * The value of a field that has exactly one, as it came; else undefined. Node's `headers` keep only the first
 * of some repeated ones.
 * @param name in lower case
 */
export function onlyValue(raw: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    if (!isNamed(raw[i] as string, name)) continue;
    if (value !== undefined) return undefined;
    value = raw[i + 1];
  }
  return value;
}

/** @param name in any case @param lowerCase the one it may be */
function isNamed(name: string, lowerCase: string): boolean {
  return name.length === lowerCase.length && name.toLowerCase() === lowerCase;
}
