/** The closed sets that the metrics' labels come from, the appid aside. */
import type { TokenFailure } from '../wechat/errcodes.ts';

export const TRIGGERS = ['startup', 'scheduled', 'expired', 'rejected', 'requested'] as const;
export type Trigger = (typeof TRIGGERS)[number];

export const OUTCOMES = ['fetched', 'adopted', 'unchanged', 'failed'] as const;
export type RefreshOutcome = (typeof OUTCOMES)[number];

export const TOKEN_FAILURES: readonly TokenFailure[] = [
  'refused',
  'quota',
  'busy',
  'network',
  'timeout',
  'bad_response',
  'store',
];

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
