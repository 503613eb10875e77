import type { Trigger } from '../telemetry/labels.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { NewToken } from './new-token.ts';
import type { TokenCallError } from './sources/source.ts';

/** What the people who run the proxy are told of an account's tokens. Never a token. */
export class TokenLog {
  readonly #logger: Logger;
  readonly #appid: string;
  #conflictExplained = false;

  constructor(logger: Logger, appid: string) {
    this.#logger = logger;
    this.#appid = appid;
  }

  refreshed(trigger: Trigger, expiresInMs: number, answer: NewToken): void {
    const { token, outcome, guessedLife } = answer;
    const fields = {
      appid: this.#appid,
      trigger,
      outcome,
      generation: token.generation,
      expiresInMs: Math.round(expiresInMs),
    };
    if (guessedLife) {
      this.#logger.warn(
        fields,
        'the token came without a usable expires_in: taken as valid for 5 minutes',
      );
    } else if (outcome === 'unchanged') this.#logger.debug(fields, 'token unchanged');
    else this.#logger.info(fields, 'token refreshed');
  }

  failed(
    error: TokenCallError,
    { failures, retryInMs, hasToken }: { failures: number; retryInMs: number; hasToken: boolean },
  ): void {
    this.#logger[error.reason === 'refused' || !hasToken ? 'error' : 'warn'](
      {
        appid: this.#appid,
        reason: error.reason,
        failures,
        retryInMs: Math.round(retryInMs),
        err: error,
      },
      'token refresh failed',
    );
  }

  /** @param why such as "a fresh token was rejected too" */
  coolingDown(generation: number, cooldownMs: number, why: string): void {
    this.#logger.warn(
      { appid: this.#appid, generation, cooldownMs },
      `${why}; rejections of this token fetch nothing until the cool-down ends`,
    );
  }

  cooldownNotStored(error: unknown): void {
    this.#logger.warn({ appid: this.#appid, err: error }, 'the cool-down could not be stored');
  }

  /** Explained once: the metrics count it. */
  conflict(remainingMs: number): void {
    if (this.#conflictExplained) return;
    this.#conflictExplained = true;
    this.#logger.warn(
      { appid: this.#appid, remainingMs: Math.round(remainingMs) },
      'the token was retired long before its expiry: somebody else fetches tokens for this account; use WXPROXY_TOKEN_API=stable_token, or share one token through Redis or a central server',
    );
  }
}
