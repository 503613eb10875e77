/**
 * Decides for one account: which token to serve, when to renew it, and what a rejection may cost.
 *
 * `mustRefresh` (no token, or an expired one): callers wait for the one refresh in flight.
 * `shouldRefresh` (inside the refresh window): callers get the current token, one refresh runs
 * behind them. A failed refresh never takes a good token away.
 */
import { createHash } from 'node:crypto';
import { ProxyError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type {
  AccountMetrics,
  RefreshOutcome,
  ReplayOutcome,
  Trigger,
} from '../telemetry/metrics.ts';
import type { Clock } from './clock.ts';
import { HeldToken } from './held-token.ts';
import { Outage } from './outage.ts';
import { refresh, type NewToken } from './refresh.ts';
import { RefreshLog } from './refresh-log.ts';
import { Rejections } from './rejections.ts';
import { PeerCircleError, TokenCallError, type TokenSource } from './sources/source.ts';
import type { TokenStore } from './stores/store.ts';
import type { Token } from './token.ts';

export interface TokenManagerOptions {
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

/** Why a rejected request is not replayed. */
export type NoReplay = 'no_token' | 'cooldown';

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

/** What a request for another token is answered where there is none. */
const SAME_AGAIN = 'there is no other token than the rejected one';
/** Between two refreshes that others ask for. */
const REQUESTED_APART_MS = 30_000;
/**
 * The timer never sleeps longer: it runs by the monotonic clock, and what it waits for may come
 * about by the wall clock, which jumps when somebody sets it or the machine wakes up.
 */
const LONGEST_SLEEP_MS = 30_000;

export class TokenManager {
  readonly #options: TokenManagerOptions;
  readonly #random: () => number;
  readonly #log: RefreshLog;
  readonly #outage: Outage;
  readonly #rejections: Rejections;
  #held: HeldToken | undefined;
  #inFlight: Promise<void> | undefined;
  #lastRefresh: TokenStatus['lastRefresh'];
  #lastError: TokenStatus['lastError'];
  #usedSinceRefresh = false;
  #requestedAtMs = -Infinity;
  #cancelTimer: () => void = () => {};
  #closed = false;

  constructor(options: TokenManagerOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#log = new RefreshLog(options.logger, options.appid);
    this.#outage = new Outage(options.clock, this.#random);
    this.#rejections = new Rejections({ ...options, log: this.#log });
  }

  /** Obtains the first token; keeps trying behind the caller when that fails. Never throws. */
  async start(): Promise<void> {
    if (this.usable === undefined) await this.#refresh('startup', false);
  }

  /** The current token if it may be served; its renewal is not begun by asking. */
  get usable(): Token | undefined {
    return this.#held !== undefined && this.#held.remainingMs > 0 ? this.#held.token : undefined;
  }

  /**
   * A token for a request, at once where there is one.
   * @param via the `Via` of the instance that asks, if one does
   * @throws {ProxyError} ERR_TOKEN_REFUSED, ERR_TOKEN_UNAVAILABLE: nothing may be forwarded
   */
  get(via?: string): Token | Promise<Token> {
    this.#usedSinceRefresh = true;
    const token = this.usable;
    if (token === undefined) return this.#mustRefresh(via);
    if (this.#held?.isDue) void this.#refresh('scheduled', false);
    return token;
  }

  /**
   * WeChat called `token` bad. N rejections of one generation cost one fetch; a late rejection of an
   * older one costs nothing.
   * @param replayable whether a replay will show what the other token is good for; what cannot be
   *   replayed may fetch ever more rarely
   * @returns another token to replay with, or why there is none
   */
  rejected(token: Token, replayable = true): Promise<Token | NoReplay> {
    return this.#withinTimeout<Token | NoReplay>(
      this.#afterRejection(token, replayable),
      'no_token',
    );
  }

  async #afterRejection(token: Token, replayable: boolean): Promise<Token | NoReplay> {
    // A late one need not wait for the renewal of the token that it is to get.
    while (this.#inFlight !== undefined && this.#isCurrent(token)) await this.#inFlight;
    if (!this.#isCurrent(token)) return this.usable ?? 'no_token';
    if (this.#rejections.isCooling(token)) return 'cooldown';
    if (!replayable && !this.#rejections.takeOnce()) return 'cooldown';
    if (this.#held?.isDue === false && this.#options.source.rotates) {
      this.#rejections.conflict(this.#held);
    }
    await this.#refresh('rejected', true);
    if (!this.#isCurrent(token)) return this.usable ?? 'no_token';
    return this.#rejections.isCooling(token) ? 'cooldown' : 'no_token';
  }

  /** What came of the replay with a token that `rejected` gave. */
  replayed(token: Token, outcome: ReplayOutcome): void {
    this.#options.metrics.replayed(outcome);
    const isFresh = this.#isCurrent(token) && this.#held?.isReplacement === true;
    this.#rejections.replayed(token, outcome, isFresh);
  }

  /**
   * Somebody we issue tokens to says that WeChat rejected what it got. Refreshes asked for this way
   * are spaced, so that no key holder can rotate in a loop.
   * @param digest SHA-256 of the rejected token, lower-case hex; without it a young token is given again
   * @throws {ProxyError} ERR_TOKEN_REFUSED, ERR_TOKEN_UNAVAILABLE
   */
  async requested(digest: string | undefined, via?: string): Promise<Token> {
    const token = await this.#withinTimeout(this.#afterRequest(digest, via), undefined);
    if (token === undefined) throw this.#unavailable();
    return token;
  }

  async #afterRequest(digest: string | undefined, via: string | undefined): Promise<Token> {
    if (via !== undefined) await this.#refuseCircle(via);
    while (this.#inFlight !== undefined) await this.#inFlight;
    const token = this.usable;
    if (token === undefined) return this.get(via);
    const now = this.#options.clock.monotonic();
    const isYoung = this.#held !== undefined && this.#held.ageMs < REQUESTED_APART_MS;
    const isOther = digest !== undefined && digest !== sha256Hex(token.value);
    const isSoon = now - this.#requestedAtMs < REQUESTED_APART_MS;
    if (isOther || (digest === undefined && isYoung) || isSoon) return token;
    if (this.#outage.waitMs > 0 || this.#rejections.isCooling(token))
      throw this.#unavailable(SAME_AGAIN);
    this.#requestedAtMs = now;
    await this.#refresh('requested', true, via);
    if (this.#isCurrent(token)) throw this.#unavailable(SAME_AGAIN);
    return this.get();
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

  get status(): TokenStatus {
    return {
      expiresAt: this.#held?.token.expiresAt,
      issuedAt: this.#held?.issuedAt,
      generation: this.#held?.token.generation ?? 0,
      lastRefresh: this.#lastRefresh,
      lastError: this.#lastError,
    };
  }

  /** Ends renewals. A refresh in flight ends by itself and is still handed to who waits for it. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
  }

  async #mustRefresh(via: string | undefined): Promise<Token> {
    if (via !== undefined) await this.#refuseCircle(via);
    if (this.#inFlight === undefined && this.#outage.waitMs > 0) throw this.#unavailable();
    const trigger = this.#held === undefined ? 'startup' : 'expired';
    await this.#withinTimeout(this.#refresh(trigger, false, via), undefined);
    const token = this.usable;
    if (token === undefined) throw this.#unavailable();
    return token;
  }

  /**
   * Instances in a circle that ask at the same moment would all wait for each other, and those that
   * have failed would put each other off. Where one asks while we do, or may not, our peer is asked
   * on its behalf as well: in a circle that comes back to it at once.
   * @throws {ProxyError} ERR_LOOP
   */
  async #refuseCircle(via: string): Promise<void> {
    const { source } = this.#options;
    if (source.name !== 'peer') return;
    if (this.#inFlight === undefined && this.#outage.waitMs === 0) return;
    const circle = source.fetch({ force: false, via }).then(
      () => undefined,
      (error: unknown) => (error instanceof PeerCircleError ? error : undefined),
    );
    const found = await Promise.race([circle, this.#inFlight ?? circle]);
    if (found !== undefined) throw this.#inCircle(found);
  }

  #inCircle(error: PeerCircleError): ProxyError {
    return new ProxyError('ERR_LOOP', error.message, { cause: error });
  }

  /** What a caller waits for, or `otherwise` after the token timeout: the work itself goes on. */
  async #withinTimeout<T>(work: Promise<T>, otherwise: T): Promise<T> {
    const { clock, tokenTimeoutMs } = this.#options;
    let cancel = (): void => {};
    const timeout = new Promise<T>((resolve) => {
      cancel = clock.after(tokenTimeoutMs, () => resolve(otherwise));
    });
    try {
      return await Promise.race([work, timeout]);
    } finally {
      cancel();
    }
  }

  /** Single-flight: joins the refresh that runs, whatever began it. Never rejects. */
  #refresh(trigger: Trigger, retired: boolean, via?: string): Promise<void> {
    if (this.#inFlight === undefined) {
      if (this.#outage.waitMs > 0) return Promise.resolve();
      this.#inFlight = this.#run(trigger, retired, via).finally(() => {
        this.#inFlight = undefined;
      });
    }
    return this.#inFlight;
  }

  async #run(trigger: Trigger, retired: boolean, via?: string): Promise<void> {
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
        this.#rejections.adopt(answer.cooldown);
        ended('unchanged');
        return this.#schedule(0);
      }
      this.#adopt(answer, retired);
      ended(answer.outcome);
      this.#log.refreshed(trigger, this.remainingMs(answer.token), answer);
      this.#rejections.brought(answer, { forReplay: trigger === 'rejected' });
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
      this.#rejections.renewed(answer.token);
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
    const hasToken = this.usable !== undefined;
    if (isToTell) this.#log.failed(cause, { failures, retryInMs, hasToken });
  }

  /** One timer per account. An account that nobody used since its last refresh lets its token expire. */
  #schedule(delayMs: number): void {
    this.#cancelTimer();
    if (this.#closed) return;
    const sleepMs = Math.ceil(Math.min(delayMs, LONGEST_SLEEP_MS));
    this.#cancelTimer = this.#options.clock.after(sleepMs, () => this.#tick());
  }

  #tick(): void {
    const waitMs = this.#outage.waitMs;
    if (waitMs > 0) return this.#schedule(waitMs);
    if (this.#held?.isDue === false) return this.#schedule(this.#held.untilDueMs);
    if (!this.#options.keepFresh() && !this.#usedSinceRefresh) return;
    if (this.usable !== undefined) void this.#refresh('scheduled', false);
    else void this.#refresh(this.#held ? 'expired' : 'startup', false);
  }

  #isCurrent(token: Token): boolean {
    return this.#held?.token.generation === token.generation;
  }

  /** How long `token`, which `get` or `requested` gave, may still be used. */
  remainingMs(token: Token): number {
    const remainingMs = token.expiresAt - this.#options.clock.now();
    return this.#isCurrent(token)
      ? Math.min(remainingMs, this.#held?.remainingMs ?? 0)
      : remainingMs;
  }

  /** @param otherwise what is wrong, where no refresh has failed */
  #unavailable(otherwise = 'the token call takes too long'): ProxyError {
    const { last: error, waitMs } = this.#outage;
    if (error instanceof PeerCircleError) return this.#inCircle(error);
    const retryAfterS = Math.max(Math.ceil(waitMs / 1000), 1);
    if (error?.errcode !== undefined && error.reason === 'refused') {
      return new ProxyError(
        'ERR_TOKEN_REFUSED',
        `WeChat refuses to give a token to ${this.#options.appid}: ${error.message}`,
        { errcode: error.errcode, retryAfterS, cause: error },
      );
    }
    return new ProxyError(
      'ERR_TOKEN_UNAVAILABLE',
      `no valid access_token for ${this.#options.appid}: ${error?.message ?? otherwise}; retrying by itself`,
      { retryAfterS, cause: error },
    );
  }
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
