/**
 * The numbers WeChat's rules hang on, all of them settable while the simulator runs.
 * `null` means "no limit". Sources: WeChat's pages on getAccessToken and getStableAccessToken.
 */
export interface Rules {
  /** Life of a token issued from now on, in ms. */
  readonly lifetimeMs: number;
  /**
   * How long a token still works after its successor was issued, and how long before its expiry
   * `stable_token` hands out that successor, in ms. Never more than half of the lifetime.
   */
  readonly overlapMs: number;
  /** How long a token still works after a `force_refresh` retired it, in ms. */
  readonly forceOverlapMs: number;
  /** Least time between two `force_refresh` that refresh, in ms; a sooner one gives the current token. */
  readonly forceSpacingMs: number;
  /** `force_refresh` that refresh, a day and account; a later one gives the current token. */
  readonly forcePerDay: number | null;
  readonly tokenPerDay: number | null;
  readonly tokenPerMinute: number | null;
  readonly stablePerDay: number | null;
  readonly stablePerMinute: number | null;
  readonly apiPerDay: number | null;
  readonly apiPerMinute: number | null;
  /** `true`: token calls are refused with 40164, as from an IP that is not in the whitelist. */
  readonly ipRefused: boolean;
  /** Compresses answers for clients that accept it. */
  readonly encoding: 'identity' | 'gzip' | 'deflate' | 'br';
}

export const DEFAULT_RULES: Rules = {
  lifetimeMs: 7_200_000,
  overlapMs: 300_000,
  forceOverlapMs: 0,
  forceSpacingMs: 30_000,
  forcePerDay: 20,
  tokenPerDay: 2_000,
  tokenPerMinute: null,
  stablePerDay: 500_000,
  stablePerMinute: 10_000,
  apiPerDay: null,
  apiPerMinute: null,
  ipRefused: false,
  encoding: 'identity',
};

const ENCODINGS: readonly unknown[] = ['identity', 'gzip', 'deflate', 'br'];

function faultOf(key: string, value: unknown): string | undefined {
  if (!Object.hasOwn(DEFAULT_RULES, key)) {
    return `${key}: no such setting; there are ${Object.keys(DEFAULT_RULES).join(', ')}`;
  }
  if (key === 'ipRefused') {
    return typeof value === 'boolean' ? undefined : 'ipRefused: true or false';
  }
  if (key === 'encoding') {
    return ENCODINGS.includes(value) ? undefined : `encoding: one of ${ENCODINGS.join(', ')}`;
  }
  if (value === null && key.includes('Per')) return undefined;
  if (key === 'lifetimeMs' && value === 0) return 'lifetimeMs: more than 0';
  return Number.isFinite(value) && (value as number) >= 0
    ? undefined
    : `${key}: a number, 0 or more${key.includes('Per') ? ', or null for no limit' : ''}`;
}

/**
 * The rules with some of them changed.
 * @throws {RangeError} naming every setting that is unknown or out of range
 */
export function changeRules(rules: Rules, changes: Readonly<Partial<Rules>>): Rules {
  const faults = Object.entries(changes).flatMap(([key, value]) => faultOf(key, value) ?? []);
  if (faults.length > 0) throw new RangeError(faults.join('; '));
  return { ...rules, ...changes };
}
