import { newTokenValue } from './token-value.ts';

/** A token as WeChat remembers it. All times are epoch ms. */
export interface IssuedToken {
  readonly value: string;
  /** What the caller was told. */
  readonly expiresAt: number;
  /** When it stops working: `expiresAt`, or sooner when it was retired or revoked. */
  readonly usableUntil: number;
}

/**
 * The tokens of one account and one token API: the current one and the one before it. Anything older
 * is dead and forgotten. `issued` counts all there have been.
 */
export interface TokenLine {
  readonly current?: IssuedToken;
  readonly previous?: IssuedToken;
  readonly issued: number;
}

/** `invalid`: unknown, or retired before its time. */
export type TokenVerdict = 'good' | 'expired' | 'invalid';

/**
 * How a line's tokens die: `dead` now and forgotten; `expired` now; or `kept`: refused by every API
 * while `stable_token` in normal mode goes on handing the same string out (seen in the field).
 */
export type RevokeMode = 'dead' | 'expired' | 'kept';

export const EMPTY_LINE: TokenLine = { issued: 0 };

/**
 * A new token comes first; the one it replaces works for `keepMs` more, the one before that no longer.
 * @param now epoch ms, as in all of these
 */
export function issue(line: TokenLine, now: number, lifetimeMs: number, keepMs: number): TokenLine {
  const expiresAt = now + lifetimeMs;
  const current = { value: newTokenValue(), expiresAt, usableUntil: expiresAt };
  const issued = line.issued + 1;
  const old = line.current;
  if (old === undefined) return { current, issued };
  return { current, previous: usableAtMost(old, now + keepMs), issued };
}

/** Whether a token value works now. */
export function judge(line: TokenLine, value: string, now: number): TokenVerdict {
  const token = [line.current, line.previous].find((known) => known?.value === value);
  if (token === undefined) return 'invalid';
  if (now < token.usableUntil) return 'good';
  return now < token.expiresAt ? 'invalid' : 'expired';
}

/** The line with all of its tokens ended, in the way that the mode says. */
export function revoke(line: TokenLine, mode: RevokeMode, now: number): TokenLine {
  if (mode === 'dead') return { issued: line.issued };
  const end = (token: IssuedToken): IssuedToken =>
    mode === 'kept'
      ? usableAtMost(token, now)
      : { value: token.value, expiresAt: Math.min(token.expiresAt, now), usableUntil: now };
  return {
    ...(line.current && { current: end(line.current) }),
    ...(line.previous && { previous: end(line.previous) }),
    issued: line.issued,
  };
}

function usableAtMost(token: IssuedToken, until: number): IssuedToken {
  return { ...token, usableUntil: Math.min(token.usableUntil, until) };
}
