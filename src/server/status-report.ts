/** Gathers what the status page shows, from whoever knows it. */
import type { Account } from '../account/account.ts';
import type { AccountRegistry } from '../account/registry.ts';
import { History, HISTORY_EVERY_MS } from '../telemetry/history.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Clock } from '../token/clock.ts';
import { version } from '../version.ts';
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

export class StatusReport {
  readonly #parts: StatusReportParts;
  readonly #startedMs: number;
  /** For the accounts in use: gone with them. */
  readonly #histories = new WeakMap<Account, { requests: History; replays: History }>();
  #cancel: () => void = () => {};

  constructor(parts: StatusReportParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonic();
    this.#sampleLater();
  }

  current(): Status {
    const { accounts, readiness, metrics, clock } = this.#parts;
    const active = accounts.active();
    return {
      now: clock.now(),
      version,
      uptimeMs: clock.monotonic() - this.#startedMs,
      ...readiness.state,
      requestsInFlight: metrics.inFlight,
      upstream: upstreamHealth(metrics.last, clock.now()),
      store: storeHealth(metrics.last),
      everyMs: HISTORY_EVERY_MS,
      accounts: active.slice(0, MAX_ACCOUNTS).map((account) => this.#accountStatus(account)),
      moreAccounts: Math.max(active.length - MAX_ACCOUNTS, 0),
    };
  }

  close(): void {
    this.#cancel();
  }

  #accountStatus(account: Account): AccountStatus {
    const { issuedAt, expiresAt, lastRefresh, lastError } = account.tokens.status;
    const { requests, replays } = this.#historyOf(account);
    return {
      appid: account.appid,
      issuedAt,
      expiresAt,
      lastRefresh,
      lastError,
      requests: requests.points(),
      replays: replays.points(),
    };
  }

  #historyOf(account: Account): { requests: History; replays: History } {
    let history = this.#histories.get(account);
    if (history === undefined) {
      history = { requests: new History(), replays: new History() };
      this.#histories.set(account, history);
    }
    return history;
  }

  #sampleLater(): void {
    this.#cancel = this.#parts.clock.after(HISTORY_EVERY_MS, () => {
      for (const account of this.#parts.accounts.active()) {
        const { requests, replays } = this.#historyOf(account);
        requests.sample(account.metrics.totals.requests);
        replays.sample(account.metrics.totals.replays);
      }
      this.#sampleLater();
    });
  }
}
