import { ROUTES, type Route } from '../wechat/routes.ts';
import type { AccountInstruments } from './account-instruments.ts';
import { AccountSeries } from './account-series.ts';
import {
  ENDPOINT_OUTCOMES,
  ENDPOINTS,
  OUTCOMES,
  REPLAY_OUTCOMES,
  REPLAY_SKIPS,
  TOKEN_FAILURES,
  TRIGGERS,
  UPSTREAM_FAILURES,
  errcodeLabel,
  type EndpointOutcome,
  type RefreshOutcome,
  type ReplayOutcome,
  type ReplaySkip,
  type TokenEndpoint,
  type TokenFailure,
  type Trigger,
  type UpstreamFailure,
} from './labels.ts';

/** Bound series of one route. */
interface RequestEnds {
  readonly duration: { observe(seconds: number): void };
  /** Of the status that came last: nearly always the next one's as well. */
  readonly status: number;
  readonly requests: { inc(): void };
}

/** One account's series. */
export class AccountMetrics {
  /** For people, who are shown rates; the series say more. */
  readonly totals = { requests: 0, replays: 0 };

  readonly #series: ReturnType<typeof seriesOf>;
  /** At hand by route: every request is written to one of them, and looking series up by label costs. */
  #ends: Partial<Record<Route, RequestEnds>> = {};

  constructor(instruments: AccountInstruments, appid: string) {
    this.#series = seriesOf(instruments, appid);
  }

  /** Shows what may come, at zero: alerts on what is not there never fire. */
  begin(what: 'everything' | 'calls'): void {
    const { requests, duration, errcodes, upstreamFailures } = this.#series;
    for (const route of ROUTES) requests.begin({ route, status: '200' });
    // What alerts count from the first one on.
    for (const status of ['502', '503']) requests.begin({ route: 'api', status });
    // A histogram is fifteen lines: those of the other routes wait for their first call.
    duration.begin({ route: 'api' });
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
    for (const reason of TOKEN_FAILURES) refreshFailures.begin({ reason });
    for (const errcode of ['40001', '40014', '42001']) rejections.begin({ errcode });
    for (const outcome of REPLAY_OUTCOMES) replays.begin({ outcome });
    for (const reason of REPLAY_SKIPS) replaysSkipped.begin({ reason });
    for (const endpoint of ENDPOINTS) {
      for (const outcome of ENDPOINT_OUTCOMES)
        this.#series.endpointCalls.begin({ endpoint, outcome });
    }
    this.#series.refreshDuration.begin({});
    this.#series.forceRefreshes.begin({});
    this.#series.conflicts.begin({});
    this.#series.expiry.begin({});
    this.#series.issued.begin({});
  }

  requestEnded(route: Route, status: number, seconds: number): void {
    this.totals.requests++;
    const ends = this.#endsOf(route, status);
    ends?.duration.observe(seconds);
    ends?.requests.inc();
  }

  /** @returns undefined once the series were dropped */
  #endsOf(route: Route, status: number): RequestEnds | undefined {
    const known = this.#ends[route];
    if (known?.status === status) return known;
    const duration = this.#series.duration.of({ route });
    const requests = this.#series.requests.of({ route, status: String(status) });
    if (duration === undefined || requests === undefined) return undefined;
    return (this.#ends[route] = { duration, status, requests });
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

  /** A `force_refresh` is spent, whatever comes of it. */
  forceRefreshed(): void {
    this.#series.forceRefreshes.of({})?.inc();
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
    this.#ends = {};
    for (const series of Object.values(this.#series)) (series as { drop(): void }).drop();
  }
}

function seriesOf(of: AccountInstruments, appid: string) {
  return {
    requests: new AccountSeries(of.requests, appid),
    duration: new AccountSeries(of.duration, appid),
    errcodes: new AccountSeries(of.errcodes, appid),
    upstreamFailures: new AccountSeries(of.upstreamFailures, appid),
    refreshes: new AccountSeries(of.refreshes, appid),
    refreshFailures: new AccountSeries(of.refreshFailures, appid),
    refreshDuration: new AccountSeries(of.refreshDuration, appid),
    forceRefreshes: new AccountSeries(of.forceRefreshes, appid),
    expiry: new AccountSeries(of.expiry, appid),
    issued: new AccountSeries(of.issued, appid),
    rejections: new AccountSeries(of.rejections, appid),
    conflicts: new AccountSeries(of.conflicts, appid),
    replays: new AccountSeries(of.replays, appid),
    replaysSkipped: new AccountSeries(of.replaysSkipped, appid),
    endpointCalls: new AccountSeries(of.endpointCalls, appid),
  };
}
