/** Gathers what the status page shows, from whoever knows it. */
import type { Account } from '../account/account.ts';
import type { AccountRegistry } from '../account/registry.ts';
import { HISTORY_EVERY_MS } from '../telemetry/history.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Clock } from '../token/clock.ts';
import { version } from '../version.ts';
import { AccountHistories } from './account-histories.ts';
import type { Readiness } from './readiness.ts';
import { storeHealth, upstreamHealth } from './status-health.ts';
import type { AccountStatus, Status } from './status.ts';

interface StatusReportParts {
  readonly accounts: AccountRegistry;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** A page of more would not be read; the most recently used come first. */
const MAX_ACCOUNTS = 50;
/** Some that are not shown now will be in a moment. */
const WITH_HISTORY = 1000;

export class StatusReport {
  readonly #parts: StatusReportParts;
  readonly #startedMs: number;
  readonly #histories = new AccountHistories();
  #cancel: () => void = () => {};

  constructor(parts: StatusReportParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonic();
    this.#sampleLater();
  }

  current(): Status {
    const { accounts, readiness, metrics, clock } = this.#parts;
    const shown = accounts.active(MAX_ACCOUNTS);
    return {
      now: clock.now(),
      version,
      uptimeMs: clock.monotonic() - this.#startedMs,
      ...readiness.state,
      requestsInFlight: metrics.inFlight,
      upstream: upstreamHealth(metrics.last, clock.now()),
      store: storeHealth(metrics.last),
      everyMs: HISTORY_EVERY_MS,
      accounts: shown.map((account) => this.#accountStatus(account)),
      moreAccounts: accounts.activeCount - shown.length,
    };
  }

  close(): void {
    this.#cancel();
  }

  #accountStatus(account: Account): AccountStatus {
    const { issuedAt, expiresAt, lastRefresh, lastError } = account.tokens.status;
    return {
      appid: account.appid,
      issuedAt,
      expiresAt,
      lastRefresh,
      lastError,
      ...this.#histories.of(account),
    };
  }

  #sampleLater(): void {
    this.#cancel = this.#parts.clock.after(HISTORY_EVERY_MS, () => {
      const { accounts } = this.#parts;
      const recent = accounts.active(WITH_HISTORY);
      this.#histories.sample(recent, recent.length === accounts.activeCount);
      this.#sampleLater();
    });
  }
}
