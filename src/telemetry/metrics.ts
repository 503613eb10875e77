/**
 * The metrics users' dashboards rely on. Every series is written here and nowhere else, and every
 * label comes from a closed set, the appid aside.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { errcodeLabel, type TokenFailure } from '../wechat/errcodes.ts';
import { ROUTES, type Route } from '../wechat/routes.ts';
import { AccountSeries } from './account-series.ts';
import { exposition } from './exposition.ts';

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

const REFUSAL_REASONS = [
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

/** Seconds: WeChat answers in 20 ms to 2 s, our own timeouts end at 30 s and 60 s. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Gauges of prom-client that are named as if they were counters; the same without `_total` stay. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

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
    for (const reason of REFUSAL_REASONS) this.#refused.inc({ reason }, 0);
    if (options.processMetrics !== false) {
      collectDefaultMetrics({ register: this.registry });
      for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    }
  }

  /** The series of one account, zeroes first, from when it comes into use until `dispose`. */
  account(appid: string): AccountMetrics {
    const metrics = this.#of(appid);
    metrics.begin('everything');
    return metrics;
  }

  /** The series of calls that need no account and named none: of calls alone, there is no token. */
  get unattributed(): AccountMetrics {
    if (this.#unattributed === undefined) {
      this.#unattributed = this.#of('none');
      this.#unattributed.begin('calls');
    }
    return this.#unattributed;
  }

  /** Everything, as Prometheus reads it. */
  text(): Promise<string> {
    return exposition(this.registry);
  }

  #of(appid: string): AccountMetrics {
    return new AccountMetrics({
      requests: new AccountSeries(this.#requests, appid),
      duration: new AccountSeries(this.#duration, appid),
      errcodes: new AccountSeries(this.#errcodes, appid),
      upstreamFailures: new AccountSeries(this.#upstreamFailures, appid),
      refreshes: new AccountSeries(this.#refreshes, appid),
      refreshFailures: new AccountSeries(this.#refreshFailures, appid),
      refreshDuration: new AccountSeries(this.#refreshDuration, appid),
      expiry: new AccountSeries(this.#expiry, appid),
      issued: new AccountSeries(this.#issued, appid),
      rejections: new AccountSeries(this.#rejections, appid),
      conflicts: new AccountSeries(this.#conflicts, appid),
      replays: new AccountSeries(this.#replays, appid),
      replaysSkipped: new AccountSeries(this.#replaysSkipped, appid),
      endpointCalls: new AccountSeries(this.#endpointCalls, appid),
    });
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

  /** How the last call of the upstream went; for people, the series are the account's. */
  lastUpstream: { readonly at: number; readonly failure: UpstreamFailure | undefined } | undefined;
  /** How the last operation of the token store went; undefined for a store that cannot fail. */
  lastStore: { readonly name: string; readonly ok: boolean } | undefined;

  /** @param failure undefined: it answered */
  upstreamCalled(failure: UpstreamFailure | undefined): void {
    this.lastUpstream = { at: Date.now(), failure };
  }

  clientAborted(): void {
    this.#clientAborts.inc();
  }

  storeOperation(store: string, operation: string, outcome: 'ok' | 'failed'): void {
    this.#storeOperations.inc({ store, operation, outcome });
    this.#storeOperations.inc({ store, operation, outcome: 'failed' }, 0);
    this.lastStore = { name: store, ok: outcome === 'ok' };
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

interface AllSeries {
  readonly requests: AccountSeries<'route' | 'status', Counter.Internal>;
  readonly duration: AccountSeries<'route', Histogram.Internal<'appid' | 'route'>>;
  readonly errcodes: AccountSeries<'errcode', Counter.Internal>;
  readonly upstreamFailures: AccountSeries<'reason', Counter.Internal>;
  readonly refreshes: AccountSeries<'trigger' | 'outcome', Counter.Internal>;
  readonly refreshFailures: AccountSeries<'reason', Counter.Internal>;
  readonly refreshDuration: AccountSeries<never, Histogram.Internal<'appid'>>;
  readonly expiry: AccountSeries<never, Gauge.Internal<'appid'>>;
  readonly issued: AccountSeries<never, Gauge.Internal<'appid'>>;
  readonly rejections: AccountSeries<'errcode', Counter.Internal>;
  readonly conflicts: AccountSeries<never, Counter.Internal>;
  readonly replays: AccountSeries<'outcome', Counter.Internal>;
  readonly replaysSkipped: AccountSeries<'reason', Counter.Internal>;
  readonly endpointCalls: AccountSeries<'endpoint' | 'outcome', Counter.Internal>;
}

/** One account's series. */
export class AccountMetrics {
  /** For people, who are shown rates; the series say more. */
  readonly totals = { requests: 0, replays: 0 };

  readonly #series: AllSeries;

  constructor(series: AllSeries) {
    this.#series = series;
  }

  /** Shows what may come, at zero: alerts on what is not there never fire. */
  begin(what: 'everything' | 'calls'): void {
    const { requests, duration, errcodes, upstreamFailures } = this.#series;
    for (const route of ROUTES) {
      requests.begin({ route, status: '200' });
      duration.begin({ route });
    }
    for (const errcode of ['-1', '45009', '45011', '48001', '48006', 'other']) {
      errcodes.begin({ errcode });
    }
    for (const reason of UPSTREAM_FAILURES) upstreamFailures.begin({ reason });
    if (what === 'everything') this.#beginToken();
  }

  #beginToken(): void {
    const { refreshes, refreshFailures, rejections, replays, replaysSkipped } = this.#series;
    for (const trigger of TRIGGERS) {
      for (const outcome of OUTCOMES) refreshes.begin({ trigger, outcome });
    }
    for (const reason of FAILURES) refreshFailures.begin({ reason });
    for (const errcode of ['40001', '40014', '42001']) rejections.begin({ errcode });
    for (const outcome of REPLAY_OUTCOMES) replays.begin({ outcome });
    for (const reason of REPLAY_SKIPS) replaysSkipped.begin({ reason });
    for (const endpoint of ENDPOINTS) {
      for (const outcome of ENDPOINT_OUTCOMES)
        this.#series.endpointCalls.begin({ endpoint, outcome });
    }
    this.#series.refreshDuration.begin({});
    this.#series.conflicts.begin({});
    this.#series.expiry.begin({});
    this.#series.issued.begin({});
  }

  requestEnded(route: Route, status: number, seconds: number): void {
    this.totals.requests++;
    this.#series.requests.of({ route, status: String(status) })?.inc();
    this.#series.duration.of({ route })?.observe(seconds);
  }

  upstreamErrcode(errcode: number): void {
    this.#series.errcodes.of({ errcode: errcodeLabel(errcode) })?.inc();
  }

  upstreamFailed(reason: UpstreamFailure): void {
    this.#series.upstreamFailures.of({ reason })?.inc();
  }

  refreshed(trigger: Trigger, outcome: RefreshOutcome, seconds: number): void {
    this.#series.refreshes.of({ trigger, outcome })?.inc();
    this.#series.refreshDuration.of({})?.observe(seconds);
  }

  refreshFailed(reason: TokenFailure): void {
    this.#series.refreshFailures.of({ reason })?.inc();
  }

  /** @param issuedAt epoch ms @param expiresAt epoch ms; 0 and 0 without a token */
  tokenChanged(issuedAt: number, expiresAt: number): void {
    this.#series.issued.of({})?.set(issuedAt / 1000);
    this.#series.expiry.of({})?.set(expiresAt / 1000);
  }

  rejected(errcode: number): void {
    this.#series.rejections.of({ errcode: String(errcode) })?.inc();
  }

  conflict(): void {
    this.#series.conflicts.of({})?.inc();
  }

  replayed(outcome: ReplayOutcome): void {
    this.totals.replays++;
    this.#series.replays.of({ outcome })?.inc();
  }

  replaySkipped(reason: ReplaySkip): void {
    this.#series.replaysSkipped.of({ reason })?.inc();
  }

  endpointCalled(endpoint: TokenEndpoint, outcome: EndpointOutcome): void {
    this.#series.endpointCalls.of({ endpoint, outcome })?.inc();
  }

  /** Drops every series of the account: it is no longer in use. */
  dispose(): void {
    for (const series of Object.values(this.#series)) (series as { drop(): void }).drop();
  }
}
