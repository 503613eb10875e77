import type { RefreshOutcome } from '../telemetry/metrics.ts';
import type { Clock } from './clock.ts';
import { TokenCallError, type IssuedToken, type TokenSource } from './sources/source.ts';
import type { TokenStore } from './stores/store.ts';
import type { Token } from './token.ts';

export interface RefreshDependencies {
  readonly appid: string;
  readonly source: TokenSource;
  readonly store: TokenStore;
  readonly clock: Clock;
}

export interface RefreshQuestion {
  /** The token in hand, if any. */
  readonly current: Token | undefined;
  /** The current token is bad: the same value again is no answer. */
  readonly retired: boolean;
}

export interface RefreshAnswer {
  readonly token: Token;
  readonly outcome: Exclude<RefreshOutcome, 'failed'>;
  /** The source did not say how long the token lives. */
  readonly guessedLife: boolean;
}

/**
 * One refresh, as the account's only refresher: adopt what another replica has stored, else fetch,
 * else (the same string came back although it was rejected) spend a `force_refresh`.
 *
 * @throws {TokenCallError} the source gave no token that is of use
 * @throws {StoreError}
 */
export async function refresh(
  { appid, source, store, clock }: RefreshDependencies,
  { current, retired }: RefreshQuestion,
): Promise<RefreshAnswer> {
  const unlock = await store.lock(appid);
  try {
    const stored = await store.load(appid);
    if (isNewer(stored, current) && stored.expiresAt > clock.now()) {
      return { token: stored, outcome: 'adopted', guessedLife: false };
    }
    const rejected = retired ? current?.value : undefined;
    let askedAt = clock.now();
    let issued = await source.fetch({ force: false, ...(rejected ? { rejected } : {}) });
    if (issued.value === rejected) {
      if (!(await store.takeForce(appid, clock.now()))) throw forceBudgetSpent();
      askedAt = clock.now();
      issued = await source.fetch({ force: true, rejected });
      if (issued.value === rejected) throw sameAfterForce();
    }
    const token = toToken(issued, askedAt, current, stored);
    const held = await store.save(appid, token);
    return {
      token: held,
      outcome: held !== token ? 'adopted' : isNewer(token, current) ? 'fetched' : 'unchanged',
      guessedLife: issued.guessedLife ?? false,
    };
  } finally {
    await unlock();
  }
}

function isNewer(token: Token | undefined, than: Token | undefined): token is Token {
  return token !== undefined && token.generation > (than?.generation ?? 0);
}

function toToken(
  issued: IssuedToken,
  askedAt: number,
  current: Token | undefined,
  stored: Token | undefined,
): Token {
  const known = [current, stored].find((token) => token?.value === issued.value);
  const newest = Math.max(current?.generation ?? 0, stored?.generation ?? 0);
  return {
    value: issued.value,
    expiresAt: askedAt + issued.expiresInMs,
    generation: known?.generation ?? newest + 1,
  };
}

function forceBudgetSpent(): TokenCallError {
  return new TokenCallError(
    'quota',
    'WeChat gave the rejected token again, and no force_refresh may be spent now (18 a day, 30 s apart)',
  );
}

function sameAfterForce(): TokenCallError {
  return new TokenCallError(
    'busy',
    'WeChat gave the rejected token again, even after force_refresh',
  );
}
