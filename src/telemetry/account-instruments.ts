import type { Instruments } from './instruments.ts';

export type AccountInstruments = ReturnType<typeof accountInstruments>;

/** The metrics that have a series, or many, for each account. */
export function accountInstruments(make: Instruments) {
  return {
    requests: make.requestCounter('requests_total', 'Requests answered.', [
      'appid',
      'route',
      'status',
    ]),
    duration: make.histogram(
      'request_duration_seconds',
      'From the request to the last byte of its answer.',
      ['appid', 'route'],
    ),
    errcodes: make.counter(
      'upstream_errcodes_total',
      'Answers of WeChat with a non-zero errcode.',
      ['appid', 'errcode'],
    ),
    upstreamFailures: make.counter(
      'upstream_failures_total',
      'Requests the upstream did not answer whole.',
      ['appid', 'reason'],
    ),
    refreshes: make.counter('token_refreshes_total', 'Token refreshes.', [
      'appid',
      'trigger',
      'outcome',
    ]),
    refreshFailures: make.counter('token_refresh_failures_total', 'Token refreshes that failed.', [
      'appid',
      'reason',
    ]),
    refreshDuration: make.histogram(
      'token_refresh_duration_seconds',
      'Duration of a token refresh.',
      ['appid'],
    ),
    forceRefreshes: make.counter(
      'token_force_refreshes_total',
      'Token calls with force_refresh, of which WeChat allows 20 a day.',
      ['appid'],
    ),
    expiry: make.gauge(
      'token_expiry_timestamp_seconds',
      'When the current token expires; 0 without one.',
      ['appid'],
    ),
    issued: make.gauge(
      'token_issued_timestamp_seconds',
      'When the current token was obtained; 0 without one.',
      ['appid'],
    ),
    rejections: make.counter(
      'token_rejections_total',
      'Answers of WeChat that called the app token bad.',
      ['appid', 'errcode'],
    ),
    conflicts: make.counter(
      'token_conflicts_total',
      'Rejections long before expiry: somebody else fetched a token.',
      ['appid'],
    ),
    replays: make.counter('replays_total', 'Requests sent a second time.', ['appid', 'outcome']),
    replaysSkipped: make.counter(
      'replays_skipped_total',
      'Rejected requests that were not sent a second time.',
      ['appid', 'reason'],
    ),
    endpointCalls: make.counter(
      'token_endpoint_calls_total',
      'Calls of the token endpoints, answered here.',
      ['appid', 'endpoint', 'outcome'],
    ),
  };
}
