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

/**
 * What is counted of one account. Flat: a request writes to all of it, and with thousands of accounts each
 * object on the way there is one that the processor has to fetch.
 */
export class AccountMetrics {
  readonly #instruments: AccountInstruments;
  readonly #series: AccountSeries;
  #requestCount = 0;
  #replayCount = 0;
  /**
   * What the last request was, and its series: nearly always the next one's as well, and looking series up by
   * label costs.
   */
  #route: Route | undefined;
  #status = 0;
  #duration: { observe(seconds: number): void } | undefined;
  #requests: { inc(): void } | undefined;

  constructor(instruments: AccountInstruments, series: AccountSeries) {
    this.#instruments = instruments;
    this.#series = series;
  }

  /** For people, who are shown rates; the series say more. */
  get requestCount(): number {
    return this.#requestCount;
  }

  /** The same of replays. */
  get replayCount(): number {
    return this.#replayCount;
  }

  requestEnded(route: Route, status: number, seconds: number): void {
    this.#requestCount += 1;
    if (route !== this.#route || status !== this.#status) this.#turnTo(route, status);
    this.#duration?.observe(seconds);
    this.#requests?.inc();
  }

  #turnTo(route: Route, status: number): void {
    const { duration, requests } = this.#instruments;
    this.#route = route;
    this.#status = status;
    this.#duration = duration.of(this.#series, { route });
    this.#requests = requests.of(this.#series, { route, status: String(status) });
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
    this.#replayCount += 1;
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
    this.#route = this.#duration = this.#requests = undefined;
    this.#series.drop();
  }
}
