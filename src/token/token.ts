import { createHash } from 'node:crypto';

/** An app token as the engine sees it. Immutable: a new value is a new token. */
export interface Token {
  readonly value: string;
  /** Epoch ms, counted from before the token was asked for: never later than WeChat means. */
  readonly expiresAt: number;
  /** +1 for each new value of an account; every rule of the engine hangs on it. */
  readonly generation: number;
}

/** WeChat says at most two hours and "may change"; a day is beyond every plan it has announced. */
export const LONGEST_LIFE_MS = 24 * 3_600_000;
/** Twice what has been seen many times over; WeChat asks to reserve at least 512. */
const MOST_CHARS = 4096;

/** Visible ASCII only: the value goes into a request line. */
export function isTokenValue(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_CHARS && /^[\x21-\x7e]+$/.test(value);
}

/** Whether what was stored is a token: somebody else may have written there. */
export function isToken(stored: { readonly [field in keyof Token]?: unknown }): stored is Token {
  const { value, expiresAt, generation } = stored;
  return (
    isTokenValue(value) &&
    Number.isFinite(expiresAt) &&
    Number.isSafeInteger(generation) &&
    (generation as number) > 0
  );
}

/** How instances name a rejected token to each other: SHA-256 of its value, lower-case hex. */
export function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
