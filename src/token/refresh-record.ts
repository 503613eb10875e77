import type { AccountMetrics } from '../telemetry/account-metrics.ts';
import type { RefreshOutcome, Trigger } from '../telemetry/labels.ts';
import type { Clock } from './clock.ts';
import type { HeldToken } from './held-token.ts';
import type { TokenCallError } from './sources/source.ts';

/** What people are shown of an account. Times are epoch ms. */
export interface TokenStatus {
  /** undefined without a token, as the next. */
  readonly expiresAt: number | undefined;
  /** When this process obtained the current token. */
  readonly issuedAt: number | undefined;
  readonly generation: number;
  readonly lastRefresh:
    | { readonly at: number; readonly trigger: Trigger; readonly outcome: RefreshOutcome }
    | undefined;
  /** Why the last refresh that failed did; WeChat's own words where it refused. */
  readonly lastError: { readonly at: number; readonly message: string } | undefined;
}

/** How an account's refreshes went: counted for dashboards, the last one kept for people. */
export class RefreshRecord {
  readonly #clock: Clock;
  readonly #metrics: AccountMetrics;
  #lastRefresh: TokenStatus['lastRefresh'];
  #lastError: TokenStatus['lastError'];

  constructor(clock: Clock, metrics: AccountMetrics) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  status(held: HeldToken | undefined): TokenStatus {
    return {
      expiresAt: held?.token.expiresAt,
      issuedAt: held?.issuedAt,
      generation: held?.token.generation ?? 0,
      lastRefresh: this.#lastRefresh,
      lastError: this.#lastError,
    };
  }

  /** @returns what to call when it has ended */
  begin(trigger: Trigger): (outcome: RefreshOutcome) => void {
    const startedMs = this.#clock.monotonic();
    return (outcome) => {
      const seconds = (this.#clock.monotonic() - startedMs) / 1000;
      this.#metrics.refreshed(trigger, outcome, seconds);
      this.#lastRefresh = { at: this.#clock.now(), trigger, outcome };
    };
  }

  failed({ reason, message }: TokenCallError): void {
    this.#metrics.refreshFailed(reason);
    this.#lastError = { at: this.#clock.now(), message };
  }
}
