/**
 * When to refresh, and when to leave it. Pure: time and chance are arguments, all durations are ms,
 * whole ones: of a remainder too small to be added to a date no timer would ever come to its end.
 */

/** The share of the refresh window that is drawn by chance, so that replicas do not ask together. */
const JITTER = 0.2;

/**
 * How long before its expiry a token is renewed.
 * @param lifeMs the token's life when it was obtained; the window is never more than half of it
 * @param random in [0, 1)
 */
export function refreshLeadMs(windowMs: number, lifeMs: number, random: number): number {
  return Math.floor(Math.min(windowMs, lifeMs / 2) * (1 - JITTER * random));
}

const BACKOFF_FIRST_MS = 1000;
const BACKOFF_CAP_MS = 60_000;

/**
 * Capped exponential back-off with jitter: half of it fixed, half drawn.
 * @param failures how many have failed in a row, from 1
 * @param random in [0, 1)
 */
export function backoffMs(failures: number, random: number): number {
  const full = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, 16), BACKOFF_CAP_MS);
  return Math.ceil(full / 2 + (full / 2) * random);
}

/** After "unchanged": ask again within what is left, neither at once nor too late. */
export function unchangedRetryMs(remainingMs: number): number {
  return Math.ceil(Math.min(Math.max(remainingMs / 4, 100), 30_000));
}

/** Credentials refused: the same question gets the same answer until somebody changes something. */
export const REFUSED_RETRY_MS = 60_000;

const COOLDOWN_FIRST_MS = 30_000;
const COOLDOWN_CAP_MS = 15 * 60_000;

/** The cool-down after the one of `previousMs` (0: there was none). */
export function nextCooldownMs(previousMs: number): number {
  return previousMs === 0 ? COOLDOWN_FIRST_MS : Math.min(previousMs * 2, COOLDOWN_CAP_MS);
}

/** With the calls behind it still within the 3 s after which some SDKs give up. */
const STAGGER_MS = 2000;
const STAGGER_SKEW = 4;

/**
 * How long a replica that shares no store waits before it looks again and then forces. Those whose
 * turn comes while the first one's calls are under way force as well; WeChat takes up to 0.3 s for
 * a call. Early turns are drawn ever more rarely (truncated exponential timers: Nonnenmacher and
 * Biersack, "Scalable feedback for large groups", 1999): about 2 of 8 replicas force and 3 of 100,
 * where even draws from as long a time would have 15 of 100 do it.
 * @param random in [0, 1)
 * @param timeoutMs how long callers wait for what comes of it: the turns end well before
 */
export function staggerMs(random: number, timeoutMs: number): number {
  const longestMs = Math.min(STAGGER_MS, timeoutMs / 5);
  return Math.round((longestMs / STAGGER_SKEW) * Math.log1p(random * Math.expm1(STAGGER_SKEW)));
}
