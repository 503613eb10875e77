/** Gathers what the status page shows, from whoever knows it. */
import type { Account } from './account/account.ts';
import type { AccountRegistry } from './account/registry.ts';
import type { Readiness } from './server/readiness.ts';
import type { AccountStatus, Health, Status } from './server/status-page.ts';
import { History, HISTORY_EVERY_MS } from './telemetry/history.ts';
import type { UpstreamFailure } from './telemetry/labels.ts';
import type { IssuerFailure, LastCall, LastOutcomes } from './telemetry/last-outcomes.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { Clock } from './token/clock.ts';
import { version } from './version.ts';

export interface StatusReportParts {
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

/** A failure counts until something succeeds, or until it is too old to say much. */
const RECENT_MS = 60_000;
/** Token calls are rarer: one that failed is repeated after a minute and its own timeout. */
const RECENT_TOKEN_CALL_MS = 180_000;

const API_TROUBLE: Readonly<Record<UpstreamFailure, string>> = {
  connect: 'cannot be reached',
  timeout: 'does not answer in time',
  reset: 'breaks off',
};
const TOKEN_TROUBLE: Readonly<Record<IssuerFailure, string>> = {
  network: 'cannot be reached',
  timeout: 'cannot be reached',
  bad_response: 'gives no usable answer',
};

/** API calls and token calls have connections of their own: either may fail while the other works. */
export function upstreamHealth({ apiCall, tokenCall }: LastOutcomes, now: number): Health {
  const troubles = [
    apiCall?.failure && now - apiCall.at <= RECENT_MS
      ? `WeChat ${API_TROUBLE[apiCall.failure]} (API calls), ${ago(apiCall, now)}`
      : undefined,
    tokenCall?.failure && now - tokenCall.at <= RECENT_TOKEN_CALL_MS
      ? `${tokenCall.issuer} ${TOKEN_TROUBLE[tokenCall.failure]} (token calls), ${ago(tokenCall, now)}`
      : undefined,
  ].filter((trouble) => trouble !== undefined);
  if (troubles.length > 0) return { ok: false, words: troubles.join('; ') };
  const [last] = [apiCall, tokenCall]
    .filter((call) => call !== undefined)
    .toSorted((a, b) => b.at - a.at);
  if (last === undefined) return { ok: true, words: 'not called yet' };
  const how = last.failure === undefined ? 'answered' : `last call failed (${last.failure})`;
  return { ok: true, words: `${how} ${ago(last, now)}` };
}

function ago({ at }: LastCall<unknown>, now: number): string {
  return `${Math.round((now - at) / 1000)} s ago`;
}

function storeHealth({ store }: LastOutcomes): Health {
  if (store === undefined) return { ok: true, words: 'memory' };
  return { ok: store.ok, words: `${store.name}: ${store.ok ? 'works' : 'fails'}` };
}
