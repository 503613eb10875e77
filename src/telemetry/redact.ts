/**
 * What may be printed, and what an accident may not.
 *
 * The first line of defence is that nobody logs a token: log calls name their fields one by one.
 * This is the second: text that came from elsewhere (an error's message, WeChat's own words) passes
 * through `redactText`, and errors are described by an allow-list of their properties.
 */

/** Names whose values are credentials. `code` is one in a query or an object, elsewhere an error's. */
const NAME =
  '(?:(?:access|refresh)_?token|secret|session_?key|js_code|(?<=[?&"\'{,]|%26|%3F|%22)code|ticket|(?:x-wxproxy-|client[_-]?)key|password)';
/** A quote, as it is or as JSON in JSON or percent-encoding have made it. */
const QUOTE = String.raw`(?:\\*["']|%22|%27)?`;
const SEPARATOR = String.raw`\s*(?:[=:]|%3D|%3A)(?:\s|\+|%20)*`;
const OPENING = `${NAME}${QUOTE}${SEPARATOR}`;
/** A quoted value ends with its quote, any other where text or a query goes on; each at the next name. */
const VALUE = [
  String.raw`(?<=\\["'])(?:(?!${OPENING})[^"'\\])*`,
  String.raw`(?<=")(?:(?!${OPENING})(?:[^"\\]|\\.))*`,
  String.raw`(?<=')(?:(?!${OPENING})(?:[^'\\]|\\.))*`,
  String.raw`(?:(?!${OPENING})[^\s"'&])*`,
].join('|');
const SENSITIVE_PAIR = new RegExp(`(${OPENING}${QUOTE})(?:${VALUE})`, 'gi');
/** Header fields whose whole value is a credential, a scheme and blanks included. */
const SENSITIVE_FIELD = /((?:authorization|cookie)["']?\s*[=:]\s*)[^\r\n]+/gi;
/** What stands before the host in a URL: `redis://user:password@…`. */
const USERINFO = /(:\/\/)[^\s"'/]*@/g;
/** An AppSecret, an MD5 or the like. */
const HEX_32 = /(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))[0-9a-f]{32}(?![A-Za-z0-9])/gi;
/** WeChat's tokens look like `90_…` and over a hundred more; placeholders are a proof and as long. */
const OPAQUE = /\d{1,3}_[A-Za-z0-9_-]{40,}|[A-Za-z0-9_-]{60,}/g;

/** The text with the value of everything that is or may be a credential replaced. */
export function redactText(text: string): string {
  return text
    .replace(SENSITIVE_FIELD, '$1[redacted]')
    .replace(SENSITIVE_PAIR, '$1[redacted]')
    .replace(USERINFO, '$1[redacted]@')
    .replace(OPAQUE, '[redacted]')
    .replace(HEX_32, '[redacted]');
}

/** Log fields whose value is never printed, whatever it is. */
const SENSITIVE_KEY =
  /(?:token|secret|session_?key|js_code|ticket|password|authorization|cookie|(?:x-wxproxy-|client[_-]?)key)$/i;
/** Nobody logs deeper structures on purpose. */
const MAX_DEPTH = 5;

/** Anything that is about to be logged, as it may be: strings redacted, errors described. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth === MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return redactValue(toJSON.call(value), depth + 1);
  return redactFields(value as Record<string, unknown>, depth);
}

/** The fields of an object that is about to be logged. */
export function redactFields(
  fields: Readonly<Record<string, unknown>>,
  depth = 0,
): Record<string, unknown> {
  const redacted: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    redacted[key] =
      SENSITIVE_KEY.test(key) && (typeof value === 'string' || typeof value === 'object')
        ? '[redacted]'
        : redactValue(value, depth + 1);
  }
  return redacted;
}

/** Names that are worth printing: WeChat's are all of this kind. */
const PLAIN_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const MAX_NAMES = 32;

/** The names in a raw query, without their values. */
export function queryKeys(query: string): string[] {
  return query
    .split('&', MAX_NAMES)
    .map((pair) => pair.split('=', 1)[0] as string)
    .filter((name) => name !== '')
    .map((name) => (PLAIN_NAME.test(name) ? redactText(name) : '[other]'));
}

interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly cause?: ErrorDescription;
}

/** An error as it may be logged: its class, message, code and what caused it, nothing else. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) {
    const message = typeof error === 'string' ? redactText(error) : 'not an Error';
    return { type: typeof error, message };
  }
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.cause !== undefined && depth < 3
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
  };
}
