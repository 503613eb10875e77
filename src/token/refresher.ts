/**
 * Obtains one account's token and renews it: one refresh at a time, a timer, and the back-off after
 * failures. A failed refresh never takes a good token away.
 */
import type { AccountMetrics } from '../telemetry/account-metrics.ts';
import type { Trigger } from '../telemetry/labels.ts';
import type { Logger } from '../telemetry/logger.ts';
import { HeldToken } from './held-token.ts';
import { Outage } from './outage.ts';
import { lookForNewer, refresh, type NewToken, type RefreshDependencies } from './refresh.ts';
import { RefreshLog } from './refresh-log.ts';
import { RefreshRecord, type TokenStatus } from './refresh-record.ts';
import { Rejections } from './rejections.ts';
import { TokenCallError } from './sources/source.ts';
import type { Token } from './token.ts';

export interface RefresherOptions extends RefreshDependencies {
  readonly metrics: AccountMetrics;
  readonly logger: Logger;
  readonly refreshWindowMs: number;
  /** Renew even while nobody asks: the default account, so that "ready" stays true. */
  readonly keepFresh: () => boolean;
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
/** Between two looks into the store of a fleet while nobody may be asked for a token. */
const LOOKS_APART_MS = 250;

export class Refresher {
  readonly rejections: Rejections;
  readonly #options: RefresherOptions;
  readonly #random: () => number;
  readonly #log: RefreshLog;
  readonly #record: RefreshRecord;
  readonly #outage: Outage;
  #held: HeldToken | undefined;
  #inFlight: Promise<void> | undefined;
  #isReplacing = false;
  #usedSinceRefresh = false;
  #lookedAtMs = -Infinity;
  #cancelTimer: () => void = () => {};
  #closed = false;

  constructor(options: RefresherOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#log = new RefreshLog(options.logger, options.appid);
    this.#record = new RefreshRecord(options.clock, options.metrics);
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
    return this.#record.status(this.#held);
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
    return this.#inFlight ?? this.#begin(cause, this.waitMs === 0);
  }

  /** Adopts what another replica has stored, if anything: nobody is asked for a token. Never rejects. */
  look(): Promise<void> {
    return this.#inFlight ?? this.#begin({ trigger: 'rejected' }, false);
  }

  #begin(cause: RefreshCause, mayAsk: boolean): Promise<void> {
    if (!mayAsk && !this.#takeLook()) return Promise.resolve();
    this.#isReplacing = cause.retired === true;
    this.#inFlight = (mayAsk ? this.#run(cause) : this.#look(cause)).finally(() => {
      this.#inFlight = undefined;
      this.#isReplacing = false;
    });
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
    const ended = this.#record.begin(trigger);
    try {
      const current = this.#held?.token;
      const answer = await refresh(this.#options, { current, retired, via });
      this.#outage.end();
      if ('cooldown' in answer) {
        this.rejections.adopt(answer.cooldown);
        ended('unchanged');
        return this.#schedule(0);
      }
      this.#adopt(answer, { trigger, retired });
      ended(answer.outcome);
      this.rejections.brought(answer, { forReplay: trigger === 'rejected' });
    } catch (error) {
      this.#fail(error);
      ended('failed');
      // It took a while: another replica may have had more luck.
      await this.#look({ trigger });
    }
  }

  /** While nobody may be asked: another replica may be luckier, or its credentials the right ones. */
  async #look({ trigger }: RefreshCause): Promise<void> {
    const ended = this.#record.begin(trigger);
    // A store that fails is counted and said where it is used.
    const found = await lookForNewer(this.#options, this.#held?.token).catch(() => undefined);
    if (found === undefined) return;
    // Not the end of the outage: that we may not ask is as true as before.
    this.#adopt(found, { trigger });
    ended(found.outcome);
  }

  /** @returns whether the store may be looked into now: not for every request of an outage */
  #takeLook(): boolean {
    const now = this.#options.clock.monotonic();
    if (!this.#options.store.shared || now - this.#lookedAtMs < LOOKS_APART_MS) return false;
    this.#lookedAtMs = now;
    return true;
  }

  #adopt(answer: NewToken, { trigger, retired = false }: RefreshCause): void {
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
    this.#log.refreshed(trigger, answer.deadlineMs - clock.monotonic(), answer);
    this.#schedule(this.#held.untilDueMs);
  }

  #fail(error: unknown): void {
    const cause = TokenCallError.of(error);
    this.#record.failed(cause);
    const isToTell = this.#outage.add(cause);
    const { failures, waitMs: retryInMs } = this.#outage;
    this.#schedule(retryInMs);
    // After the end it was called off: nothing is wrong, and nothing will be retried.
    if (isToTell && !this.#closed)
      this.#log.failed(cause, { failures, retryInMs, hasToken: this.#isUsable });
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
    if (this.waitMs > 0) {
      if (this.#looksForOthers) void this.refresh({ trigger: this.#held ? 'expired' : 'startup' });
      return this.#schedule(this.waitMs);
    }
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

  /**
   * Other credentials, or what another replica has stored. Whoever asks looks for them too: the timer
   * does it for the account that must be ready.
   */
  get #looksForOthers(): boolean {
    const { source, store, keepFresh } = this.#options;
    if (this.#outage.last === undefined || !keepFresh()) return false;
    return (
      (store.shared && !this.#isUsable) ||
      (this.#outage.last.reason === 'refused' && source.hasChanged !== undefined)
    );
  }
}
