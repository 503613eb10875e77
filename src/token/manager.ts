/**
 * Decides for one account: which token to serve, who waits for one, and what a rejection may cost.
 *
 * `mustRefresh` (no token, or an expired one): callers wait for the one refresh in flight.
 * `shouldRefresh` (inside the refresh window): callers get the current token, one refresh runs
 * behind them.
 */
import type { ProxyError } from '../errors.ts';
import type { ReplayOutcome } from '../telemetry/labels.ts';
import type { Logger } from '../telemetry/logger.ts';
import { within } from './clock.ts';
import { inCircle, noToken } from './no-token.ts';
import type { TokenStatus } from './refresh-record.ts';
import { Refresher, type RefresherOptions } from './refresher.ts';
import { Rejections } from './rejections.ts';
import { PeerCircleError } from './sources/source.ts';
import { TokenLog } from './token-log.ts';
import { digestOf, type Token } from './token.ts';

export interface TokenManagerOptions extends Omit<RefresherOptions, 'log' | 'rejections'> {
  readonly logger: Logger;
}

/** Why a rejected request is not replayed. */
export type NoReplay = 'no_token' | 'cooldown';

/** What a request for another token is answered where there is none. */
const NO_OTHER = 'there is no other token than the rejected one';
/** How long the replacement of a rejected token is waited for by who can do without. */
const SETTLED_WITHIN_MS = 1000;
/** Between two refreshes that others ask for. */
const REQUESTED_APART_MS = 30_000;

export class TokenManager {
  readonly #options: TokenManagerOptions;
  readonly #rejections: Rejections;
  readonly #refresher: Refresher;
  #requestedAtMs = -Infinity;

  constructor(options: TokenManagerOptions) {
    const log = new TokenLog(options.logger, options.appid);
    this.#options = options;
    this.#rejections = new Rejections({ ...options, log });
    this.#refresher = new Refresher({ ...options, log, rejections: this.#rejections });
  }

  /** Obtains the first token; keeps trying behind the caller when that fails. Never throws. */
  async start(): Promise<void> {
    if (this.usable === undefined) await this.#refresher.refresh({ trigger: 'startup' });
  }

  /** The current token if it may be served; its renewal is not begun by asking. */
  get usable(): Token | undefined {
    const { held } = this.#refresher;
    return held?.isUsable ? held.token : undefined;
  }

  /**
   * A token for a request, at once where there is one.
   * @param via the `Via` of the instance that asks, if one does
   * @throws {ProxyError} ERR_TOKEN_REFUSED, ERR_TOKEN_UNAVAILABLE, ERR_LOOP: nothing may be forwarded
   */
  get(via?: string): Token | Promise<Token> {
    this.#refresher.used();
    const { held } = this.#refresher;
    if (held?.isDue === false) return held.token;
    if (held?.isUsable !== true) return this.#mustRefresh(via);
    void this.#refresher.renew();
    return held.token;
  }

  async #mustRefresh(via: string | undefined): Promise<Token> {
    if (via !== undefined) await this.#refuseCircle(via);
    await this.#withinTimeout(this.#refresher.obtain(via), undefined);
    const token = this.usable;
    if (token === undefined) throw this.#unavailable();
    return token;
  }

  /**
   * A token for what can be sent only once: one that WeChat has just called bad is not given where
   * another comes soon. Others take it: if it is bad indeed, they are replayed, and if it is not, they
   * need not wait.
   * @throws {ProxyError} as `get` does
   */
  getSettled(): Promise<Token> {
    return this.#settled(SETTLED_WITHIN_MS);
  }

  /**
   * A token for who keeps it: worth waiting for where the one in hand is being replaced.
   * @throws {ProxyError} as `get` does
   */
  getToKeep(via?: string): Promise<Token> {
    return this.#settled(this.#options.tokenTimeoutMs, via);
  }

  async #settled(withinMs: number, via?: string): Promise<Token> {
    const token = await this.get(via);
    if (!this.#refresher.isReplacing || this.#refresher.inFlight === undefined) return token;
    if (via !== undefined) await this.#refuseCircle(via);
    await within(this.#options.clock, withinMs, this.#refresher.inFlight, undefined);
    return this.get(via);
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
    while (this.#refresher.inFlight !== undefined && this.#refresher.isCurrent(token))
      await this.#refresher.inFlight;
    if (!this.#refresher.isCurrent(token)) return this.usable ?? 'no_token';
    if (this.#rejections.isCooling(token)) return 'cooldown';
    if (!replayable && !this.#rejections.takeOnce()) {
      await this.#refresher.look();
      return this.#refresher.isCurrent(token) ? 'cooldown' : (this.usable ?? 'no_token');
    }
    if (this.#refresher.held?.isDue === false && this.#options.source.rotates) {
      this.#rejections.conflict(this.#refresher.held);
    }
    await this.#refresher.refresh({ trigger: 'rejected', retired: true });
    if (!this.#refresher.isCurrent(token)) return this.usable ?? 'no_token';
    return this.#rejections.isCooling(token) ? 'cooldown' : 'no_token';
  }

  /** What came of the replay with a token that `rejected` gave. */
  replayed(token: Token, outcome: ReplayOutcome): void {
    this.#options.metrics.replayed(outcome);
    const isFresh =
      this.#refresher.isCurrent(token) && this.#refresher.held?.isReplacement === true;
    this.#rejections.replayed(token, outcome, isFresh);
  }

  /**
   * Somebody we issue tokens to says that WeChat rejected what it got. Refreshes asked for this way
   * are spaced, so that no key holder can rotate in a loop.
   * @param digest SHA-256 of the rejected token, lower-case hex; without it a young token is given again
   * @throws {ProxyError} as `get` does
   */
  async requested(digest: string | undefined, via?: string): Promise<Token> {
    const token = await this.#withinTimeout(this.#afterRequest(digest, via), undefined);
    if (token === undefined) throw this.#unavailable();
    return token;
  }

  async #afterRequest(digest: string | undefined, via: string | undefined): Promise<Token> {
    if (via !== undefined) await this.#refuseCircle(via);
    while (this.#refresher.inFlight !== undefined) await this.#refresher.inFlight;
    const token = this.usable;
    if (token === undefined) return this.get(via);
    const now = this.#options.clock.monotonic();
    const isYoung =
      this.#refresher.held !== undefined && this.#refresher.held.ageMs < REQUESTED_APART_MS;
    const isOther = digest !== undefined && digest !== digestOf(token.value);
    const isSoon = now - this.#requestedAtMs < REQUESTED_APART_MS;
    if (isOther || (digest === undefined && isYoung) || isSoon) return token;
    if (this.#rejections.isCooling(token)) throw this.#unavailable(NO_OTHER);
    if (this.#refresher.waitMs === 0) this.#requestedAtMs = now;
    await this.#refresher.refresh({ trigger: 'requested', retired: true, via });
    if (this.#refresher.isCurrent(token)) throw this.#unavailable(NO_OTHER);
    return this.get();
  }

  /** How long `token`, which `get` or `requested` gave, may still be used. */
  remainingMs(token: Token): number {
    const remainingMs = token.expiresAt - this.#options.clock.now();
    return this.#refresher.isCurrent(token)
      ? Math.min(remainingMs, this.#refresher.held?.remainingMs ?? 0)
      : remainingMs;
  }

  credentialsChanged(): void {
    this.#refresher.credentialsChanged();
  }

  get status(): TokenStatus {
    return this.#refresher.status;
  }

  /** Ends renewals. A refresh in flight ends by itself and is still handed to who waits for it. */
  close(): void {
    this.#refresher.close();
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
    if (this.#refresher.inFlight === undefined && this.#refresher.waitMs === 0) return;
    const circle = source.fetch({ force: false, via }).then(
      () => undefined,
      (error: unknown) => (error instanceof PeerCircleError ? error : undefined),
    );
    const found = await Promise.race([circle, this.#refresher.inFlight ?? circle]);
    if (found !== undefined) throw inCircle(found);
  }

  #withinTimeout<T>(work: Promise<T>, otherwise: T): Promise<T> {
    return within(this.#options.clock, this.#options.tokenTimeoutMs, work, otherwise);
  }

  /** @param otherwise what is wrong, where no refresh has failed */
  #unavailable(otherwise = 'the token call takes too long'): ProxyError {
    const { failure, waitMs } = this.#refresher;
    return noToken({ appid: this.#options.appid, failure, waitMs, otherwise });
  }
}
