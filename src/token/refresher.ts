/**
 * Obtains one account's token and renews it: one refresh at a time, a timer, and the back-off after
 * failures. A failed refresh never takes a good token away.
 */
import type { AccountMetrics } from '../telemetry/account-metrics.ts';
import type { RefreshOutcome, Trigger } from '../telemetry/labels.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from './clock.ts';
import { HeldToken } from './held-token.ts';
import { Outage } from './outage.ts';
import { refresh, type NewToken } from './refresh.ts';
import { RefreshLog } from './refresh-log.ts';
import { Rejections } from './rejections.ts';
import { TokenCallError, type TokenSource } from './sources/source.ts';
import type { TokenStore } from './stores/store.ts';
import type { Token } from './token.ts';

export interface RefresherOptions {
  readonly appid: string;
  readonly source: TokenSource;
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly metrics: AccountMetrics;
  readonly logger: Logger;
  /** In [0, 1); `Math.random` unless given. */
  readonly random?: () => number;
  readonly refreshWindowMs: number;
  /** How long a caller waits for a token it cannot do without. */
  readonly tokenTimeoutMs: number;
  /** Renew even while nobody asks: the default account, so that "ready" stays true. */
  readonly keepFresh: () => boolean;
}

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

export interface RefreshCause {
  readonly trigger: Trigger;
  /** The current token is bad: the same value again is no answer. */
  readonly retired?: boolean;
  /** The `Via` of the instance that asks, if one does. */
  readonly via?: string | undefined;
}

/**
 * The timer never sleeps longer: it runs by the monotonic clock, and what it waits for may come
 * about by the wall clock, which jumps when somebody sets it or the machine wakes up.
 */
const LONGEST_SLEEP_MS = 30_000;
/** How often refused credentials are looked at while nobody asks: somebody is mending them. */
const CREDENTIALS_LOOK_MS = 1000;

export class Refresher {
  readonly rejections: Rejections;
  readonly #options: RefresherOptions;
  readonly #random: () => number;
  readonly #log: RefreshLog;
  readonly #outage: Outage;
  #held: HeldToken | undefined;
  #inFlight: Promise<void> | undefined;
  #isReplacing = false;
  #lastRefresh: TokenStatus['lastRefresh'];
  #lastError: TokenStatus['lastError'];
  #usedSinceRefresh = false;
  #cancelTimer: () => void = () => {};
  #closed = false;

  constructor(options: RefresherOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#log = new RefreshLog(options.logger, options.appid);
    this.#outage = new Outage(options.clock, this.#random);
    this.rejections = new Rejections({ ...options, log: this.#log });
  }

  /** The token in hand; may have expired. */
  get held(): HeldToken | undefined {
    return this.#held;
  }

  /** The refresh that runs, whatever began it. Never rejects. */
  get inFlight(): Promise<void> | undefined {
    return this.#inFlight;
  }

  /** Whether the refresh that runs was begun because the current token was called bad. */
  get isReplacing(): boolean {
    return this.#isReplacing;
  }

  /** Why the last refresh failed; undefined: it did not. */
  get failure(): TokenCallError | undefined {
    return this.#outage.last;
  }

  /** How long nothing may be asked after a failure; 0: it may. */
  get waitMs(): number {
    return this.#isMended() ? 0 : this.#outage.waitMs;
  }

  get status(): TokenStatus {
    return {
      expiresAt: this.#held?.token.expiresAt,
      issuedAt: this.#held?.issuedAt,
      generation: this.#held?.token.generation ?? 0,
      lastRefresh: this.#lastRefresh,
      lastError: this.#lastError,
    };
  }

  isCurrent(token: Token): boolean {
    return this.#held?.token.value === token.value;
  }

  /** Somebody uses the token: it is to be renewed. */
  used(): void {
    this.#usedSinceRefresh = true;
  }

  /** Single-flight: joins the refresh that runs, whatever began it. Never rejects. */
  refresh(cause: RefreshCause): Promise<void> {
    if (this.#inFlight === undefined) {
      if (this.waitMs > 0) return Promise.resolve();
      this.#isReplacing = cause.retired === true;
      this.#inFlight = this.#run(cause).finally(() => {
        this.#inFlight = undefined;
        this.#isReplacing = false;
      });
    }
    return this.#inFlight;
  }

  /** The credentials may have changed: what failed with the old ones is asked again at once. */
  credentialsChanged(): void {
    if (this.#inFlight !== undefined) {
      // It was sent with the old ones: what comes of it says nothing of the new.
      void this.#inFlight.then(() => this.credentialsChanged());
    } else if (this.#outage.last !== undefined) {
      this.#outage.end();
      this.#schedule(0);
    }
  }

  /** Ends renewals. A refresh in flight ends by itself and is still handed to who waits for it. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
  }

  async #run({ trigger, retired = false, via }: RefreshCause): Promise<void> {
    const { clock, metrics } = this.#options;
    const startedMs = clock.monotonic();
    const ended = (outcome: RefreshOutcome): void => {
      metrics.refreshed(trigger, outcome, (clock.monotonic() - startedMs) / 1000);
      this.#lastRefresh = { at: clock.now(), trigger, outcome };
    };
    try {
      const current = this.#held?.token;
      const answer = await refresh(this.#options, { current, retired, via });
      this.#outage.end();
      if ('cooldown' in answer) {
        this.rejections.adopt(answer.cooldown);
        ended('unchanged');
        return this.#schedule(0);
      }
      this.#adopt(answer, retired);
      ended(answer.outcome);
      this.#log.refreshed(trigger, answer.deadlineMs - clock.monotonic(), answer);
      this.rejections.brought(answer, { forReplay: trigger === 'rejected' });
    } catch (error) {
      this.#fail(error);
      ended('failed');
    }
  }

  #adopt(answer: NewToken, retired: boolean): void {
    const { clock, metrics, refreshWindowMs: windowMs } = this.#options;
    if (answer.outcome === 'unchanged' && this.#held !== undefined) {
      this.#held = this.#held.again(answer);
    } else {
      const isReplacement = retired && answer.outcome === 'fetched';
      const how = { windowMs, random: this.#random(), isReplacement };
      this.#held = HeldToken.obtained(clock, answer, how);
      this.#usedSinceRefresh = false;
      this.rejections.renewed(answer.token);
    }
    metrics.tokenChanged(this.#held.issuedAt, answer.token.expiresAt);
    this.#schedule(this.#held.untilDueMs);
  }

  #fail(error: unknown): void {
    const { clock, metrics } = this.#options;
    const cause =
      error instanceof TokenCallError
        ? error
        : new TokenCallError('store', 'the token store failed', { cause: error });
    metrics.refreshFailed(cause.reason);
    const isToTell = this.#outage.add(cause);
    this.#lastError = { at: clock.now(), message: cause.message };
    const { failures, waitMs: retryInMs } = this.#outage;
    this.#schedule(retryInMs);
    const hasToken = this.#isUsable;
    if (isToTell) this.#log.failed(cause, { failures, retryInMs, hasToken });
  }

  /** One timer per account. An account that nobody used since its last refresh lets its token expire. */
  #schedule(delayMs: number): void {
    this.#cancelTimer();
    if (this.#closed) return;
    const longestMs = this.#looksForOthers ? CREDENTIALS_LOOK_MS : LONGEST_SLEEP_MS;
    const sleepMs = Math.ceil(Math.min(delayMs, longestMs));
    this.#cancelTimer = this.#options.clock.after(sleepMs, () => this.#tick());
  }

  #tick(): void {
    const { waitMs } = this;
    if (waitMs > 0) return this.#schedule(waitMs);
    if (this.#held?.isDue === false) return this.#schedule(this.#held.untilDueMs);
    if (!this.#options.keepFresh() && !this.#usedSinceRefresh) return;
    if (this.#isUsable) void this.refresh({ trigger: 'scheduled' });
    else void this.refresh({ trigger: this.#held ? 'expired' : 'startup' });
  }

  get #isUsable(): boolean {
    return this.#held !== undefined && this.#held.remainingMs > 0;
  }

  /** Refused credentials will be, until there are others. */
  #isMended(): boolean {
    return this.#outage.last?.reason === 'refused' && this.#options.source.hasChanged?.() === true;
  }

  /** Whoever asks looks for them too: the timer does it for the account that must be ready. */
  get #looksForOthers(): boolean {
    const { source, keepFresh } = this.#options;
    return (
      this.#outage.last?.reason === 'refused' && source.hasChanged !== undefined && keepFresh()
    );
  }
}
