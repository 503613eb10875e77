import type { Route } from '../wechat/routes.ts';
import type { AccountInstruments } from './account-instruments.ts';
import type { AccountSeries } from './account-series.ts';
import {
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

/** The series of one route that a request writes to. */
interface RequestEnds {
  readonly duration: { observe(seconds: number): void };
  /** Of the status that came last: nearly always the next one's as well. */
  readonly status: number;
  readonly requests: { inc(): void };
}

/** What is counted of one account. */
export class AccountMetrics {
  /** For people, who are shown rates; the series say more. */
  readonly totals = { requests: 0, replays: 0 };

  readonly #instruments: AccountInstruments;
  readonly #series: AccountSeries;
  /** At hand by route: every request is written to one of them, and looking series up by label costs. */
  #ends: Partial<Record<Route, RequestEnds>> = {};

  constructor(instruments: AccountInstruments, series: AccountSeries) {
    this.#instruments = instruments;
    this.#series = series;
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
    const duration = this.#instruments.duration.of(this.#series, { route });
    const requests = this.#instruments.requests.of(this.#series, { route, status: String(status) });
    if (duration === undefined || requests === undefined) return undefined;
    return (this.#ends[route] = { duration, status, requests });
  }

  upstreamErrcode(errcode: number): void {
    this.#instruments.errcodes.of(this.#series, { errcode: errcodeLabel(errcode) })?.inc();
  }

  upstreamFailed(reason: UpstreamFailure): void {
    this.#instruments.upstreamFailures.of(this.#series, { reason })?.inc();
  }

  refreshed(trigger: Trigger, outcome: RefreshOutcome, seconds: number): void {
    this.#instruments.refreshes.of(this.#series, { trigger, outcome })?.inc();
    this.#instruments.refreshDuration.of(this.#series, {})?.observe(seconds);
  }

  refreshFailed(reason: TokenFailure): void {
    this.#instruments.refreshFailures.of(this.#series, { reason })?.inc();
  }

  /** A `force_refresh` is spent, whatever comes of it. */
  forceRefreshed(): void {
    this.#instruments.forceRefreshes.of(this.#series, {})?.inc();
  }

  /** @param issuedAt epoch ms @param expiresAt epoch ms; 0 and 0 without a token */
  tokenChanged(issuedAt: number, expiresAt: number): void {
    this.#instruments.issued.of(this.#series, {})?.set(issuedAt / 1000);
    this.#instruments.expiry.of(this.#series, {})?.set(expiresAt / 1000);
  }

  rejected(errcode: number): void {
    this.#instruments.rejections.of(this.#series, { errcode: String(errcode) })?.inc();
  }

  conflict(): void {
    this.#instruments.conflicts.of(this.#series, {})?.inc();
  }

  replayed(outcome: ReplayOutcome): void {
    this.totals.replays++;
    this.#instruments.replays.of(this.#series, { outcome })?.inc();
  }

  replaySkipped(reason: ReplaySkip): void {
    this.#instruments.replaysSkipped.of(this.#series, { reason })?.inc();
  }

  endpointCalled(endpoint: TokenEndpoint, outcome: EndpointOutcome): void {
    this.#instruments.endpointCalls.of(this.#series, { endpoint, outcome })?.inc();
  }

  /** Drops every series of the account: it is no longer in use. */
  dispose(): void {
    this.#ends = {};
    this.#series.drop();
  }
}
