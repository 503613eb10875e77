/**
 * The metrics users' dashboards rely on. Every series is written here and nowhere else, and every
 * label comes from a closed set, the appid aside.
 */
import {
  Counter,
  Gauge,
  Histogram,
  Registry,
  collectDefaultMetrics,
  type Metric,
} from 'prom-client';
import { errcodeLabel, type TokenFailure } from '../wechat/errcodes.ts';
import { ROUTES, type Route } from '../wechat/routes.ts';

export const TRIGGERS = ['startup', 'scheduled', 'expired', 'rejected', 'requested'] as const;
export type Trigger = (typeof TRIGGERS)[number];

export const OUTCOMES = ['fetched', 'adopted', 'unchanged', 'failed'] as const;
export type RefreshOutcome = (typeof OUTCOMES)[number];

const FAILURES: readonly TokenFailure[] = [
  'refused',
  'quota',
  'busy',
  'network',
  'timeout',
  'bad_response',
  'store',
];

const REPLAY_OUTCOMES = ['ok', 'rejected', 'failed'] as const;
export type ReplayOutcome = (typeof REPLAY_OUTCOMES)[number];

const REPLAY_SKIPS = ['too_large', 'memory', 'no_token', 'cooldown'] as const;
export type ReplaySkip = (typeof REPLAY_SKIPS)[number];

const UPSTREAM_FAILURES = ['connect', 'timeout', 'reset'] as const;
export type UpstreamFailure = (typeof UPSTREAM_FAILURES)[number];

const ENDPOINTS = ['token', 'stable_token'] as const;
export type TokenEndpoint = (typeof ENDPOINTS)[number];
const ENDPOINT_OUTCOMES = ['placeholder', 'issued', 'refused', 'failed'] as const;
export type EndpointOutcome = (typeof ENDPOINT_OUTCOMES)[number];

export type RefusalReason =
  | 'request_refused'
  | 'client_key'
  | 'forbidden'
  | 'account_unknown'
  | 'length_required'
  | 'misdirected'
  | 'loop'
  | 'overloaded'
  | 'draining';

/** Seconds: WeChat answers in 20 ms to 2 s, our own timeouts end at 30 s and 60 s. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface MetricsOptions {
  readonly version: string;
  /** Off in tests that run many instances in one process. */
  readonly processMetrics?: boolean;
}

export class Metrics {
  readonly registry = new Registry();
  readonly #requests = this.#counter('requests_total', 'Requests answered.', [
    'appid',
    'route',
    'status',
  ]);
  readonly #duration = this.#histogram(
    'request_duration_seconds',
    'From the request to the last byte of its answer.',
    ['appid', 'route'],
  );
  readonly #inFlight = this.#gauge('requests_in_flight', 'Requests being answered now.', []);
  readonly #refused = this.#counter('requests_refused_total', 'Requests refused by the proxy.', [
    'reason',
  ]);
  readonly #errcodes = this.#counter(
    'upstream_errcodes_total',
    'Answers of WeChat with a non-zero errcode.',
    ['appid', 'errcode'],
  );
  readonly #upstreamFailures = this.#counter(
    'upstream_failures_total',
    'Requests the upstream did not answer whole.',
    ['appid', 'reason'],
  );
  readonly #refreshes = this.#counter('token_refreshes_total', 'Token refreshes.', [
    'appid',
    'trigger',
    'outcome',
  ]);
  readonly #refreshFailures = this.#counter(
    'token_refresh_failures_total',
    'Token refreshes that failed.',
    ['appid', 'reason'],
  );
  readonly #refreshDuration = this.#histogram(
    'token_refresh_duration_seconds',
    'Duration of a token refresh.',
    ['appid'],
  );
  readonly #expiry = this.#gauge(
    'token_expiry_timestamp_seconds',
    'When the current token expires; 0 without one.',
    ['appid'],
  );
  readonly #issued = this.#gauge(
    'token_issued_timestamp_seconds',
    'When the current token was obtained; 0 without one.',
    ['appid'],
  );
  readonly #rejections = this.#counter(
    'token_rejections_total',
    'Answers of WeChat that called the app token bad.',
    ['appid', 'errcode'],
  );
  readonly #conflicts = this.#counter(
    'token_conflicts_total',
    'Rejections long before expiry: somebody else fetched a token.',
    ['appid'],
  );
  readonly #replays = this.#counter('replays_total', 'Requests sent a second time.', [
    'appid',
    'outcome',
  ]);
  readonly #replaysSkipped = this.#counter(
    'replays_skipped_total',
    'Rejected requests that were not sent a second time.',
    ['appid', 'reason'],
  );
  readonly #endpointCalls = this.#counter(
    'token_endpoint_calls_total',
    'Calls of the token endpoints, answered here.',
    ['appid', 'endpoint', 'outcome'],
  );
  readonly #storeOperations = this.#counter(
    'store_operations_total',
    'Operations on the token store.',
    ['store', 'operation', 'outcome'],
  );
  readonly #clientAborts = this.#counter(
    'client_aborts_total',
    'Clients that went away before their answer was complete.',
    [],
  );
  readonly #buildInfo = this.#gauge('build_info', 'Always 1.', ['version', 'node']);
  readonly #inFlightNow: { count: number } = { count: 0 };

  #unattributed: AccountMetrics | undefined;

  constructor(options: MetricsOptions) {
    this.#buildInfo.set({ version: options.version, node: process.version }, 1);
    if (options.processMetrics !== false) collectDefaultMetrics({ register: this.registry });
  }

  /** The series of one account, zeroes first, from when it comes into use until `dispose`. */
  account(appid: string): AccountMetrics {
    return new AccountMetrics(appid, {
      requests: this.#requests,
      duration: this.#duration,
      errcodes: this.#errcodes,
      upstreamFailures: this.#upstreamFailures,
      refreshes: this.#refreshes,
      refreshFailures: this.#refreshFailures,
      refreshDuration: this.#refreshDuration,
      expiry: this.#expiry,
      issued: this.#issued,
      rejections: this.#rejections,
      conflicts: this.#conflicts,
      replays: this.#replays,
      replaysSkipped: this.#replaysSkipped,
      endpointCalls: this.#endpointCalls,
    });
  }

  /** The series of calls that need no account and named none. */
  get unattributed(): AccountMetrics {
    this.#unattributed ??= this.account('none');
    return this.#unattributed;
  }

  requestStarted(): void {
    this.#inFlight.set(++this.#inFlightNow.count);
  }

  requestEnded(): void {
    this.#inFlight.set(--this.#inFlightNow.count);
  }

  /** Requests being answered now. */
  get inFlight(): number {
    return this.#inFlightNow.count;
  }

  refused(reason: RefusalReason): void {
    this.#refused.inc({ reason });
  }

  clientAborted(): void {
    this.#clientAborts.inc();
  }

  storeOperation(store: string, operation: string, outcome: 'ok' | 'failed'): void {
    this.#storeOperations.inc({ store, operation, outcome });
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name: `wxproxy_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name: `wxproxy_${name}`, help, labelNames, registers: [this.registry] });
  }

  #histogram<L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> {
    return new Histogram({
      name: `wxproxy_${name}`,
      help,
      labelNames,
      buckets: SECONDS,
      registers: [this.registry],
    });
  }
}

interface AccountSeries {
  readonly requests: Counter<'appid' | 'route' | 'status'>;
  readonly duration: Histogram<'appid' | 'route'>;
  readonly errcodes: Counter<'appid' | 'errcode'>;
  readonly upstreamFailures: Counter<'appid' | 'reason'>;
  readonly refreshes: Counter<'appid' | 'trigger' | 'outcome'>;
  readonly refreshFailures: Counter<'appid' | 'reason'>;
  readonly refreshDuration: Histogram<'appid'>;
  readonly expiry: Gauge<'appid'>;
  readonly issued: Gauge<'appid'>;
  readonly rejections: Counter<'appid' | 'errcode'>;
  readonly conflicts: Counter<'appid'>;
  readonly replays: Counter<'appid' | 'outcome'>;
  readonly replaysSkipped: Counter<'appid' | 'reason'>;
  readonly endpointCalls: Counter<'appid' | 'endpoint' | 'outcome'>;
}

/** One account's series. Label sets are bound once: this is on the path of every request. */
export class AccountMetrics {
  readonly #appid: string;
  readonly #series: AccountSeries;
  readonly #requests = new Map<string, { inc(): void }>();
  readonly #durations = new Map<Route, { observe(seconds: number): void }>();

  constructor(appid: string, series: AccountSeries) {
    this.#appid = appid;
    this.#series = series;
    for (const route of ROUTES) {
      series.requests.inc({ appid, route, status: '200' }, 0);
      series.duration.zero({ appid, route });
    }
    for (const reason of UPSTREAM_FAILURES) series.upstreamFailures.inc({ appid, reason }, 0);
    for (const trigger of TRIGGERS) {
      for (const outcome of OUTCOMES) series.refreshes.inc({ appid, trigger, outcome }, 0);
    }
    for (const reason of FAILURES) series.refreshFailures.inc({ appid, reason }, 0);
    for (const errcode of ['40001', '40014', '42001']) series.rejections.inc({ appid, errcode }, 0);
    for (const outcome of REPLAY_OUTCOMES) series.replays.inc({ appid, outcome }, 0);
    for (const reason of REPLAY_SKIPS) series.replaysSkipped.inc({ appid, reason }, 0);
    for (const endpoint of ENDPOINTS) {
      for (const outcome of ENDPOINT_OUTCOMES) {
        series.endpointCalls.inc({ appid, endpoint, outcome }, 0);
      }
    }
    for (const errcode of ['-1', '45009', '45011', '48001', 'other']) {
      series.errcodes.inc({ appid, errcode }, 0);
    }
    series.refreshDuration.zero({ appid });
    series.conflicts.inc({ appid }, 0);
    this.tokenChanged(0, 0);
  }

  requestEnded(route: Route, status: number, seconds: number): void {
    const key = `${route} ${status}`;
    let requests = this.#requests.get(key);
    if (requests === undefined) {
      requests = this.#series.requests.labels(this.#appid, route, String(status));
      this.#requests.set(key, requests);
    }
    requests.inc();
    let duration = this.#durations.get(route);
    if (duration === undefined) {
      duration = this.#series.duration.labels(this.#appid, route);
      this.#durations.set(route, duration);
    }
    duration.observe(seconds);
  }

  upstreamErrcode(errcode: number): void {
    this.#series.errcodes.inc({ appid: this.#appid, errcode: errcodeLabel(errcode) });
  }

  upstreamFailed(reason: UpstreamFailure): void {
    this.#series.upstreamFailures.inc({ appid: this.#appid, reason });
  }

  refreshed(trigger: Trigger, outcome: RefreshOutcome, seconds: number): void {
    this.#series.refreshes.inc({ appid: this.#appid, trigger, outcome });
    this.#series.refreshDuration.observe({ appid: this.#appid }, seconds);
  }

  refreshFailed(reason: TokenFailure): void {
    this.#series.refreshFailures.inc({ appid: this.#appid, reason });
  }

  /** @param issuedAt epoch ms @param expiresAt epoch ms; 0 and 0 without a token */
  tokenChanged(issuedAt: number, expiresAt: number): void {
    this.#series.issued.set({ appid: this.#appid }, issuedAt / 1000);
    this.#series.expiry.set({ appid: this.#appid }, expiresAt / 1000);
  }

  rejected(errcode: number): void {
    this.#series.rejections.inc({ appid: this.#appid, errcode: String(errcode) });
  }

  conflict(): void {
    this.#series.conflicts.inc({ appid: this.#appid });
  }

  replayed(outcome: ReplayOutcome): void {
    this.#series.replays.inc({ appid: this.#appid, outcome });
  }

  replaySkipped(reason: ReplaySkip): void {
    this.#series.replaysSkipped.inc({ appid: this.#appid, reason });
  }

  endpointCalled(endpoint: TokenEndpoint, outcome: EndpointOutcome): void {
    this.#series.endpointCalls.inc({ appid: this.#appid, endpoint, outcome });
  }

  /** Drops every series of the account: it is no longer in use. */
  dispose(): void {
    for (const metric of Object.values(this.#series)) dropSeries(metric, this.#appid);
  }
}

/** prom-client removes a series by all of its labels; this finds them by the appid alone. */
function dropSeries(metric: Metric, appid: string): void {
  const { hashMap } = metric as unknown as {
    hashMap: Record<string, { labels: Record<string, string> }>;
  };
  for (const { labels } of Object.values(hashMap)) {
    if (labels['appid'] === appid) metric.remove(labels);
  }
}
