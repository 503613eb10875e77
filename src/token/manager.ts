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
import type { AccountMetrics, ReplayOutcome, Trigger } from '../telemetry/metrics.ts';
import { DAILY_QUOTA, untilBeijingMidnightMs } from '../wechat/errcodes.ts';
import type { Clock } from './clock.ts';
import { Cooldown } from './cooldown.ts';
import { refresh, type RefreshAnswer } from './refresh.ts';
import { backoffMs, REFUSED_RETRY_MS, refreshLeadMs, unchangedRetryMs } from './schedule.ts';
import { TokenCallError, type TokenSource } from './sources/source.ts';
import type { StoredCooldown, TokenStore } from './stores/store.ts';
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

export interface TokenStatus {
  /** Epoch ms; undefined without a token. */
  readonly expiresAt: number | undefined;
  /** Epoch ms when the current token was obtained by this process. */
  readonly issuedAt: number | undefined;
  readonly generation: number;
  /** What the last refresh came to, in words; WeChat's own where it refused. */
  readonly lastFailure:
    { readonly message: string; readonly errcode: number | undefined } | undefined;
}

interface Failure {
  readonly error: TokenCallError;
  readonly count: number;
  /** Monotonic ms before which nothing asks again. */
  readonly retryAtMs: number;
}

type NewToken = Exclude<RefreshAnswer, { readonly cooldown: unknown }>;

/** Between two refreshes that others ask for. */
const REQUESTED_APART_MS = 30_000;

export class TokenManager {
  readonly #options: TokenManagerOptions;
  readonly #random: () => number;
  readonly #cooldown = new Cooldown();
  #current: Token | undefined;
  #issuedAt: number | undefined;
  /** Monotonic ms of the current token's expiry: a wall clock set back must not prolong its life. */
  #deadlineMs = 0;
  /** Remaining life (ms) at which the current token is due for renewal. */
  #refreshAtRemainingMs = 0;
  #inFlight: Promise<void> | undefined;
  #failure: Failure | undefined;
  #usedSinceRefresh = false;
  #requestedAtMs = -Infinity;
  #conflictExplained = false;
  #cancelTimer: () => void = () => {};
  #closed = false;

  constructor(options: TokenManagerOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** Obtains the first token; keeps trying behind the caller when that fails. Never throws. */
  async start(): Promise<void> {
    if (this.usable === undefined) await this.#refresh('startup', false);
  }

  /** The current token if it may be served; its renewal is not begun by asking. */
  get usable(): Token | undefined {
    return this.#current !== undefined && this.remainingMs(this.#current) > 0
      ? this.#current
      : undefined;
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
    if (this.#isDue(token)) void this.#refresh('scheduled', false);
    return token;
  }

  /**
   * WeChat called `token` bad. N rejections of one generation cost one fetch; a late rejection of an
   * older one costs nothing.
   * @returns another token to replay with, or why there is none
   */
  rejected(token: Token): Promise<Token | NoReplay> {
    return this.#withinTimeout<Token | NoReplay>(this.#afterRejection(token), 'no_token');
  }

  async #afterRejection(token: Token): Promise<Token | NoReplay> {
    while (this.#inFlight !== undefined) await this.#inFlight;
    if (!this.#isCurrent(token)) return this.usable ?? 'no_token';
    if (this.#cooldown.covers(token, this.#options.clock.monotonic())) return 'cooldown';
    if (this.#waitMs() > 0) return 'no_token';
    this.#noteConflict(token);
    await this.#refresh('rejected', true);
    if (!this.#isCurrent(token)) return this.usable ?? 'no_token';
    return this.#cooldown.covers(token, this.#options.clock.monotonic()) ? 'cooldown' : 'no_token';
  }

  /** What came of the replay with a token that `rejected` gave. */
  replayed(token: Token, outcome: ReplayOutcome): void {
    const { metrics } = this.#options;
    metrics.replayed(outcome);
    if (outcome === 'ok' && this.#cooldown.reset(token)) this.#shareCooldown(undefined);
    if (outcome === 'rejected') this.#coolDown(token);
  }

  #coolDown(token: Token): void {
    const { clock, logger, appid } = this.#options;
    const lengthMs = this.#cooldown.begin(token, clock.monotonic());
    if (lengthMs === 0) return;
    const { generation } = token;
    logger.warn(
      { appid, generation, cooldownMs: lengthMs },
      'a fresh token was rejected too: the endpoint may want another kind of token; its rejections fetch nothing until the cool-down ends',
    );
    this.#shareCooldown({ generation, until: clock.now() + lengthMs, lengthMs });
  }

  /** A fleet cools down as one. A store that fails changes nothing here, and says so itself. */
  #shareCooldown(cooldown: StoredCooldown | undefined): void {
    const { store, appid, logger } = this.#options;
    store.saveCooldown(appid, cooldown).catch((error: unknown) => {
      logger.warn({ appid, err: error }, 'the cool-down could not be stored');
    });
  }

  /**
   * Somebody we issue tokens to says that WeChat rejected what it got. Refreshes asked for this way
   * are spaced, so that no key holder can rotate in a loop.
   * @param digest SHA-256 of the rejected token, lower-case hex; without it a young token is given again
   * @throws {ProxyError} ERR_TOKEN_REFUSED, ERR_TOKEN_UNAVAILABLE
   */
  async requested(digest: string | undefined, via?: string): Promise<Token> {
    const { clock } = this.#options;
    while (this.#inFlight !== undefined) await this.#inFlight;
    const token = this.usable;
    if (token === undefined) return this.get(via);
    const sinceMs = clock.monotonic() - this.#requestedAtMs;
    const isYoung = clock.now() - (this.#issuedAt ?? 0) < REQUESTED_APART_MS;
    const isOther = digest !== undefined && digest !== sha256Hex(token.value);
    if (isOther || (digest === undefined && isYoung) || sinceMs < REQUESTED_APART_MS) return token;
    if (this.#waitMs() > 0) throw this.#unavailable();
    this.#requestedAtMs = clock.monotonic();
    await this.#refresh('requested', true, via);
    if (this.#isCurrent(token)) throw this.#unavailable();
    return this.get();
  }

  /** The credentials may have changed: what failed with the old ones is asked again at once. */
  credentialsChanged(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#schedule(0);
  }

  get status(): TokenStatus {
    return {
      expiresAt: this.#current?.expiresAt,
      issuedAt: this.#issuedAt,
      generation: this.#current?.generation ?? 0,
      lastFailure: this.#failure && {
        message: this.#failure.error.message,
        errcode: this.#failure.error.errcode,
      },
    };
  }

  /** Ends renewals. A refresh in flight ends by itself and is still handed to who waits for it. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
  }

  async #mustRefresh(via: string | undefined): Promise<Token> {
    if (this.#inFlight === undefined && this.#waitMs() > 0) throw this.#unavailable();
    const trigger = this.#current === undefined ? 'startup' : 'expired';
    await this.#withinTimeout(this.#refresh(trigger, false, via), undefined);
    const token = this.usable;
    if (token === undefined) throw this.#unavailable();
    return token;
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
      if (this.#waitMs() > 0) return Promise.resolve();
      this.#inFlight = this.#run(trigger, retired, via).finally(() => {
        this.#inFlight = undefined;
      });
    }
    return this.#inFlight;
  }

  async #run(trigger: Trigger, retired: boolean, via?: string): Promise<void> {
    const { clock, metrics } = this.#options;
    const startedMs = clock.monotonic();
    const seconds = (): number => (clock.monotonic() - startedMs) / 1000;
    try {
      const answer = await refresh(this.#options, { current: this.#current, retired, via });
      this.#failure = undefined;
      if ('cooldown' in answer) {
        const remainingMs = answer.cooldown.until - clock.now();
        this.#cooldown.adopt(answer.cooldown, remainingMs, clock.monotonic());
        metrics.refreshed(trigger, 'unchanged', seconds());
        return;
      }
      this.#adopt(answer);
      metrics.refreshed(trigger, answer.outcome, seconds());
      this.#logRefreshed(trigger, answer);
    } catch (error) {
      this.#fail(error);
      metrics.refreshed(trigger, 'failed', seconds());
    }
  }

  #adopt({ token, outcome }: NewToken): void {
    const { clock, metrics, refreshWindowMs } = this.#options;
    const lifeMs = token.expiresAt - clock.now();
    this.#current = token;
    this.#deadlineMs = clock.monotonic() + lifeMs;
    if (outcome === 'unchanged') {
      this.#refreshAtRemainingMs = Math.max(lifeMs - unchangedRetryMs(lifeMs), 0);
    } else {
      this.#issuedAt = clock.now();
      this.#usedSinceRefresh = false;
      this.#refreshAtRemainingMs = refreshLeadMs(refreshWindowMs, lifeMs, this.#random());
    }
    metrics.tokenChanged(this.#issuedAt ?? clock.now(), token.expiresAt);
    this.#schedule(lifeMs - this.#refreshAtRemainingMs);
  }

  #fail(error: unknown): void {
    const { clock, metrics } = this.#options;
    const cause =
      error instanceof TokenCallError
        ? error
        : new TokenCallError('store', 'the token store failed', { cause: error });
    metrics.refreshFailed(cause.reason);
    const count = (this.#failure?.count ?? 0) + 1;
    const delayMs = this.#retryDelayMs(cause, count);
    this.#failure = { error: cause, count, retryAtMs: clock.monotonic() + delayMs };
    this.#schedule(delayMs);
    this.#logFailed(cause, count, delayMs);
  }

  #retryDelayMs(error: TokenCallError, failures: number): number {
    if (error.errcode === DAILY_QUOTA) return untilBeijingMidnightMs(this.#options.clock.now());
    if (error.reason === 'refused' || error.reason === 'quota') return REFUSED_RETRY_MS;
    return backoffMs(failures, this.#random());
  }

  /** One timer per account. An account that nobody used since its last refresh lets its token expire. */
  #schedule(delayMs: number): void {
    this.#cancelTimer();
    if (this.#closed) return;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => this.#tick());
  }

  #tick(): void {
    // A timer may fire a little early: then wait for the rest instead of missing the moment.
    const waitMs = this.#waitMs();
    if (waitMs > 0) return this.#schedule(waitMs);
    if (!this.#options.keepFresh() && !this.#usedSinceRefresh) return;
    const token = this.usable;
    if (token === undefined) void this.#refresh(this.#current ? 'expired' : 'startup', false);
    else if (this.#isDue(token)) void this.#refresh('scheduled', false);
    else this.#schedule(this.remainingMs(token) - this.#refreshAtRemainingMs);
  }

  #isCurrent(token: Token): boolean {
    return this.#current?.generation === token.generation;
  }

  #isDue(token: Token): boolean {
    return this.remainingMs(token) <= this.#refreshAtRemainingMs && this.#waitMs() === 0;
  }

  /** By the earlier of both clocks: the wall clock may be set, the monotonic one may have slept. */
  remainingMs(token: Token): number {
    const { clock } = this.#options;
    return Math.min(token.expiresAt - clock.now(), this.#deadlineMs - clock.monotonic());
  }

  /** How long the back-off after a failure still lasts. */
  #waitMs(): number {
    if (this.#failure === undefined) return 0;
    return Math.max(this.#failure.retryAtMs - this.#options.clock.monotonic(), 0);
  }

  #unavailable(): ProxyError {
    const error = this.#failure?.error;
    const retryAfterS = Math.max(Math.ceil(this.#waitMs() / 1000), 1);
    if (error?.errcode !== undefined && error.reason === 'refused') {
      return new ProxyError(
        'ERR_TOKEN_REFUSED',
        `WeChat refuses to give a token to ${this.#options.appid}: ${error.message}`,
        { errcode: error.errcode, retryAfterS, cause: error },
      );
    }
    return new ProxyError(
      'ERR_TOKEN_UNAVAILABLE',
      `no valid access_token for ${this.#options.appid}: ${error?.message ?? 'the token call takes too long'}; retrying by itself`,
      { retryAfterS, cause: error },
    );
  }

  /** Only a source whose every call retires the token before it can be fought over. */
  #noteConflict(token: Token): void {
    const { source, metrics, logger, appid } = this.#options;
    const remainingMs = Math.round(this.remainingMs(token));
    if (!source.rotates || remainingMs <= this.#refreshAtRemainingMs) return;
    metrics.conflict();
    if (this.#conflictExplained) return;
    this.#conflictExplained = true;
    logger.warn(
      { appid, remainingMs },
      'the token was retired long before its expiry: somebody else fetches tokens for this account; use WXPROXY_TOKEN_API=stable_token, or share one token through Redis or a central server',
    );
  }

  #logRefreshed(trigger: Trigger, { token, outcome, guessedLife }: NewToken): void {
    const { logger, appid, clock } = this.#options;
    const fields = {
      appid,
      trigger,
      outcome,
      generation: token.generation,
      expiresInMs: Math.round(token.expiresAt - clock.now()),
    };
    if (guessedLife) {
      logger.warn(
        fields,
        'the token came without a usable expires_in: taken as valid for 5 minutes',
      );
    } else if (outcome === 'unchanged') logger.debug(fields, 'token unchanged');
    else logger.info(fields, 'token refreshed');
  }

  /** Says the first failure and then ever fewer of a row: 1st, 2nd, 4th, 8th … */
  #logFailed(error: TokenCallError, count: number, retryInMs: number): void {
    if ((count & (count - 1)) !== 0) return;
    const { logger, appid } = this.#options;
    const level = error.reason === 'refused' || this.usable === undefined ? 'error' : 'warn';
    logger[level](
      {
        appid,
        reason: error.reason,
        failures: count,
        retryInMs: Math.round(retryInMs),
        err: error,
      },
      'token refresh failed',
    );
  }
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
