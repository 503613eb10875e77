/**
 * One account's token in hand, and the refreshes that replace it: one at a time, none before a
 * back-off has ended. A failed refresh never takes a good token away.
 */
import type { AccountMetrics } from '../telemetry/account-metrics.ts';
import type { Trigger } from '../telemetry/labels.ts';
import { lookForNewer } from './adopt.ts';
import { HeldToken } from './held-token.ts';
import type { NewToken } from './new-token.ts';
import { Outage } from './outage.ts';
import { refresh, type RefreshDependencies } from './refresh.ts';
import { RefreshRecord, type TokenStatus } from './refresh-record.ts';
import { Renewal, type RenewalOptions } from './renewal.ts';
import type { Rejections } from './rejections.ts';
import { TokenCallError } from './sources/source.ts';
import type { TokenLog } from './token-log.ts';
import type { Token } from './token.ts';

export interface RefresherOptions extends RefreshDependencies, RenewalOptions {
  readonly metrics: AccountMetrics;
  readonly log: TokenLog;
  /** Told what each refresh has brought. */
  readonly rejections: Rejections;
  readonly refreshWindowMs: number;
}

interface RefreshCause {
  readonly trigger: Trigger;
  /** The current token is bad: the same value again is no answer. */
  readonly retired?: boolean;
  /** The `Via` of the instance that asks, if one does. */
  readonly via?: string | undefined;
}

/** Between two looks into the store of a fleet while nobody may be asked for a token. */
const LOOKS_APART_MS = 250;

export class Refresher {
  readonly #options: RefresherOptions;
  readonly #random: () => number;
  readonly #record: RefreshRecord;
  readonly #outage: Outage;
  readonly #renewal: Renewal;
  #held: HeldToken | undefined;
  #inFlight: Promise<void> | undefined;
  #isReplacing = false;
  #lookedAtMs = -Infinity;

  constructor(options: RefresherOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#record = new RefreshRecord(options.clock, options.metrics);
    this.#outage = new Outage(options.clock, options.source, this.#random);
    this.#renewal = new Renewal(options, this);
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
    return this.#outage.waitMs;
  }

  get status(): TokenStatus {
    return this.#record.status(this.#held);
  }

  isCurrent(token: Token): boolean {
    return this.#held?.token.value === token.value;
  }

  /** Somebody uses the token: it is to be renewed. */
  used(): void {
    this.#renewal.used();
  }

  /** Single-flight: joins the refresh that runs, whatever began it. Never rejects. */
  refresh(cause: RefreshCause): Promise<void> {
    return this.#inFlight ?? this.#begin(cause, this.waitMs === 0);
  }

  /** Joins or begins the refresh behind a token that is served until it ends. Never rejects. */
  renew(): Promise<void> {
    return this.refresh({ trigger: 'scheduled' });
  }

  /** Joins or begins the refresh of who has no token that may be served. Never rejects. */
  obtain(via?: string): Promise<void> {
    return this.refresh({ trigger: this.#held === undefined ? 'startup' : 'expired', via });
  }

  /** Adopts what another replica has stored, if anything: nobody is asked for a token. Never rejects. */
  look(): Promise<void> {
    return this.#inFlight ?? this.#begin({ trigger: 'rejected' }, false);
  }

  #begin(cause: RefreshCause, mayAsk: boolean): Promise<void> {
    if (!mayAsk && !this.#takeLook()) return Promise.resolve();
    this.#isReplacing = cause.retired === true;
    this.#inFlight = (mayAsk ? this.#run(cause) : this.#adoptNewer(cause)).finally(() => {
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
      this.#renewal.schedule(0);
    }
  }

  /** Ends renewals. A refresh in flight ends by itself and is still handed to who waits for it. */
  close(): void {
    this.#renewal.close();
  }

  async #run({ trigger, retired = false, via }: RefreshCause): Promise<void> {
    const { rejections } = this.#options;
    const ended = this.#record.begin(trigger);
    try {
      const current = this.#held?.token;
      const answer = await refresh(this.#options, { current, retired, via });
      this.#outage.end();
      if ('cooldown' in answer) {
        rejections.adopt(answer.cooldown);
        ended('unchanged');
        return this.#renewal.schedule(0);
      }
      this.#hold(answer, { trigger, retired });
      ended(answer.outcome);
      rejections.brought(answer, { forReplay: trigger === 'rejected' });
    } catch (error) {
      this.#fail(error);
      ended('failed');
      // It took a while: another replica may have had more luck.
      await this.#adoptNewer({ trigger });
    }
  }

  /** While nobody may be asked: another replica may be luckier, or its credentials the right ones. */
  async #adoptNewer({ trigger }: RefreshCause): Promise<void> {
    const ended = this.#record.begin(trigger);
    // A store that fails is counted and said where it is used.
    const found = await lookForNewer(this.#options, this.#held?.token).catch(() => undefined);
    if (found === undefined) return;
    // Not the end of the outage: that we may not ask is as true as before.
    this.#hold(found, { trigger });
    ended(found.outcome);
  }

  /** @returns whether the store may be looked into now: not for every request of an outage */
  #takeLook(): boolean {
    const now = this.#options.clock.monotonic();
    if (!this.#options.store.shared || now - this.#lookedAtMs < LOOKS_APART_MS) return false;
    this.#lookedAtMs = now;
    return true;
  }

  #hold(answer: NewToken, { trigger, retired = false }: RefreshCause): void {
    const { clock, metrics, log, rejections, refreshWindowMs: windowMs } = this.#options;
    if (answer.outcome === 'unchanged' && this.#held !== undefined) {
      this.#held = this.#held.again(answer);
    } else {
      const isReplacement = retired && answer.outcome === 'fetched';
      const how = { windowMs, random: this.#random(), isReplacement };
      this.#held = HeldToken.obtained(clock, answer, how);
      this.#renewal.unused();
      rejections.renewed(answer.token);
    }
    metrics.tokenChanged(this.#held.issuedAt, answer.token.expiresAt);
    log.refreshed(trigger, answer.deadlineMs - clock.monotonic(), answer);
    this.#renewal.schedule(this.#held.untilDueMs);
  }

  #fail(error: unknown): void {
    const cause = TokenCallError.of(error);
    this.#record.failed(cause);
    const { isToTell, ...outage } = this.#outage.add(cause);
    this.#renewal.schedule(outage.retryInMs);
    // After the end it was called off: nothing is wrong, and nothing will be retried.
    if (isToTell && !this.#renewal.isClosed)
      this.#options.log.failed(cause, { ...outage, hasToken: this.#held?.isUsable === true });
  }
}
