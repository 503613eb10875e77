/** The metrics that have a series, or many, for each account, and what they show before anything happened. */
import { ROUTES } from '../wechat/routes.ts';
import { AccountCounter } from './account-counter.ts';
import { AccountGauge } from './account-gauge.ts';
import { AccountHistogram } from './account-histogram.ts';
import type { AccountMetricPlace } from './account-metric.ts';
import {
  ENDPOINT_OUTCOMES,
  ENDPOINTS,
  OUTCOMES,
  REPLAY_OUTCOMES,
  REPLAY_SKIPS,
  TOKEN_FAILURES,
  TRIGGERS,
  UPSTREAM_FAILURES,
} from './labels.ts';

export type AccountInstruments = ReturnType<typeof accountInstruments>;

/** @param place where they are registered, and whose series they show */
export function accountInstruments(place: Omit<AccountMetricPlace, 'ofTokens'>) {
  return {
    ...callInstruments({ ...place, ofTokens: false }),
    ...tokenInstruments({ ...place, ofTokens: true }),
  };
}

function callInstruments(place: AccountMetricPlace) {
  return {
    requests: new AccountCounter(place, {
      name: 'requests_total',
      help: 'Requests answered.',
      labelNames: ['route', 'status'],
      zeroes: [
        ...ROUTES.map((route) => ({ route, status: '200' })),
        // What alerts count from the first one on.
        ...['502', '503'].map((status) => ({ route: 'api', status })),
      ],
    }),
    duration: new AccountHistogram(place, {
      name: 'request_duration_seconds',
      help: 'From the request to the last byte of its answer.',
      labelNames: ['route'],
      // A histogram is sixteen lines: those of the other routes wait for their first call.
      zeroes: [{ route: 'api' }],
    }),
    errcodes: new AccountCounter(place, {
      name: 'upstream_errcodes_total',
      help: 'Answers of WeChat with a non-zero errcode.',
      labelNames: ['errcode'],
      zeroes: ['-1', '45009', '45011', '48001', '48006', 'other'].map((errcode) => ({ errcode })),
    }),
    upstreamFailures: new AccountCounter(place, {
      name: 'upstream_failures_total',
      help: 'Requests the upstream did not answer whole.',
      labelNames: ['reason'],
      zeroes: UPSTREAM_FAILURES.map((reason) => ({ reason })),
    }),
  };
}

function tokenInstruments(place: AccountMetricPlace) {
  return {
    refreshes: new AccountCounter(place, {
      name: 'token_refreshes_total',
      help: 'Token refreshes.',
      labelNames: ['trigger', 'outcome'],
      zeroes: TRIGGERS.flatMap((trigger) => OUTCOMES.map((outcome) => ({ trigger, outcome }))),
    }),
    refreshFailures: new AccountCounter(place, {
      name: 'token_refresh_failures_total',
      help: 'Token refreshes that failed.',
      labelNames: ['reason'],
      zeroes: TOKEN_FAILURES.map((reason) => ({ reason })),
    }),
    refreshDuration: new AccountHistogram(place, {
      name: 'token_refresh_duration_seconds',
      help: 'Duration of a token refresh.',
      labelNames: [],
      zeroes: [{}],
    }),
    forceRefreshes: new AccountCounter(place, {
      name: 'token_force_refreshes_total',
      help: 'Token calls with force_refresh, of which WeChat allows 20 a day.',
      labelNames: [],
      zeroes: [{}],
    }),
    expiry: new AccountGauge(place, {
      name: 'token_expiry_timestamp_seconds',
      help: 'When the current token expires; 0 without one.',
      labelNames: [],
      zeroes: [{}],
    }),
    issued: new AccountGauge(place, {
      name: 'token_issued_timestamp_seconds',
      help: 'When the current token was obtained; 0 without one.',
      labelNames: [],
      zeroes: [{}],
    }),
    rejections: new AccountCounter(place, {
      name: 'token_rejections_total',
      help: 'Answers of WeChat that called the app token bad.',
      labelNames: ['errcode'],
      zeroes: ['40001', '40014', '42001'].map((errcode) => ({ errcode })),
    }),
    conflicts: new AccountCounter(place, {
      name: 'token_conflicts_total',
      help: 'Rejections long before expiry: somebody else fetched a token.',
      labelNames: [],
      zeroes: [{}],
    }),
    replays: new AccountCounter(place, {
      name: 'replays_total',
      help: 'Requests sent a second time.',
      labelNames: ['outcome'],
      zeroes: REPLAY_OUTCOMES.map((outcome) => ({ outcome })),
    }),
    replaysSkipped: new AccountCounter(place, {
      name: 'replays_skipped_total',
      help: 'Rejected requests that were not sent a second time.',
      labelNames: ['reason'],
      zeroes: REPLAY_SKIPS.map((reason) => ({ reason })),
    }),
    endpointCalls: new AccountCounter(place, {
      name: 'token_endpoint_calls_total',
      help: 'Calls of the token endpoints, answered here.',
      labelNames: ['endpoint', 'outcome'],
      zeroes: ENDPOINTS.flatMap((endpoint) =>
        ENDPOINT_OUTCOMES.map((outcome) => ({ endpoint, outcome })),
      ),
    }),
  };
}
