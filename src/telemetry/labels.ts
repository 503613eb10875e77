/** The closed sets that the metrics' labels come from, the appid aside. */

export const TRIGGERS = ['startup', 'scheduled', 'expired', 'rejected', 'requested'] as const;
export type Trigger = (typeof TRIGGERS)[number];

export const OUTCOMES = ['fetched', 'adopted', 'unchanged', 'failed'] as const;
export type RefreshOutcome = (typeof OUTCOMES)[number];

export const TOKEN_FAILURES = [
  'refused',
  'quota',
  'busy',
  'network',
  'timeout',
  'bad_response',
  'store',
] as const;
/** Why a refresh failed. */
export type TokenFailure = (typeof TOKEN_FAILURES)[number];

export const REPLAY_OUTCOMES = ['ok', 'rejected', 'failed'] as const;
export type ReplayOutcome = (typeof REPLAY_OUTCOMES)[number];

export const REPLAY_SKIPS = ['too_large', 'memory', 'no_token', 'cooldown'] as const;
export type ReplaySkip = (typeof REPLAY_SKIPS)[number];

export const UPSTREAM_FAILURES = ['connect', 'timeout', 'reset'] as const;
export type UpstreamFailure = (typeof UPSTREAM_FAILURES)[number];

export const ENDPOINTS = ['token', 'stable_token'] as const;
export type TokenEndpoint = (typeof ENDPOINTS)[number];
export const ENDPOINT_OUTCOMES = ['placeholder', 'issued', 'refused', 'failed'] as const;
export type EndpointOutcome = (typeof ENDPOINT_OUTCOMES)[number];

export const REFUSAL_REASONS = [
  'request_refused',
  'client_key',
  'forbidden',
  'account_unknown',
  'length_required',
  'misdirected',
  'loop',
  'overloaded',
  'draining',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Codes that get a label of their own in `upstream_errcodes_total`; all others are `other`. */
const LABELLED: ReadonlySet<number> = new Set([
  -1, 40001, 40003, 40013, 40014, 40029, 40030, 40082, 40125, 40163, 40164, 40226, 40243, 41001,
  41002, 41004, 42001, 42002, 42007, 42009, 43101, 43104, 44002, 45009, 45011, 45015, 45047, 47001,
  47003, 48001, 48004, 48006, 50002, 50004, 61003, 61007, 61023, 61450, 85079, 87009, 87014, 89501,
  89503, 89506, 89507,
]);

/** The closed-set label of an errcode. */
export function errcodeLabel(errcode: number): string {
  return LABELLED.has(errcode) ? String(errcode) : 'other';
}
