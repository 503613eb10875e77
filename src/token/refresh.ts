import type { RefreshOutcome } from '../telemetry/metrics.ts';
import type { Clock } from './clock.ts';
import { STAGGER_MS } from './schedule.ts';
import {
  TokenCallError,
  type IssuedToken,
  type TokenRequest,
  type TokenSource,
} from './sources/source.ts';
import type { StoredCooldown, TokenStore } from './stores/store.ts';
import type { Token } from './token.ts';

export interface RefreshDependencies {
  readonly appid: string;
  readonly source: TokenSource;
  readonly store: TokenStore;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}

export interface RefreshQuestion {
  /** The token in hand, if any. */
  readonly current: Token | undefined;
  /** The current token is bad: the same value again is no answer. */
  readonly retired: boolean;
  /** The `Via` of the instance that asked for it. */
  readonly via?: string | undefined;
}

export type RefreshAnswer =
  | {
      readonly token: Token;
      readonly outcome: Exclude<RefreshOutcome, 'failed'>;
      /** The source did not say how long the token lives. */
      readonly guessedLife: boolean;
    }
  /** Another replica has found that fetching does not help: nothing was asked. */
  | { readonly cooldown: StoredCooldown };

/**
 * One refresh, as the account's only refresher: adopt what another replica has stored, else fetch,
 * else (the same string came back although it was rejected) spend a `force_refresh`.
 *
 * @throws {TokenCallError} the source gave no token that is of use
 * @throws {StoreError}
 */
export async function refresh(
  dependencies: RefreshDependencies,
  { current, retired, via }: RefreshQuestion,
): Promise<RefreshAnswer> {
  const { appid, store, clock } = dependencies;
  const unlock = await store.lock(appid);
  try {
    const { token: stored, cooldown } = await store.load(appid);
    if (stored !== undefined && stored.expiresAt > clock.now() && isNewer(stored, current)) {
      return {
        token: await adopt(stored, current, store, appid),
        outcome: 'adopted',
        guessedLife: false,
      };
    }
    if (retired && cooldown?.generation === current?.generation && cooldown !== undefined) {
      if (cooldown.until > clock.now()) return { cooldown };
    }
    const { issued, askedAt } = await fetchOther(
      { rejected: retired ? current?.value : undefined, via },
      dependencies,
    );
    const token = toToken(issued, askedAt, current, stored);
    const held = await store.save(appid, token);
    const isOurs = held.value === token.value;
    return {
      token: isOurs ? token : held,
      outcome: !isOurs
        ? 'adopted'
        : token.generation === current?.generation
          ? 'unchanged'
          : 'fetched',
      guessedLife: issued.guessedLife ?? false,
    };
  } finally {
    await unlock();
  }
}

/** By generation; a store that was flushed counts from one again, and then the later expiry tells. */
function isNewer(stored: Token, current: Token | undefined): boolean {
  if (current === undefined || stored.generation > current.generation) return true;
  return stored.value !== current.value && stored.expiresAt > current.expiresAt;
}

/** Takes a stored token over; after a flush its generation is raised above ours, here and there. */
async function adopt(
  stored: Token,
  current: Token | undefined,
  store: TokenStore,
  appid: string,
): Promise<Token> {
  if (current === undefined || stored.generation > current.generation) return stored;
  return store.save(appid, { ...stored, generation: current.generation + 1 });
}

/** @param rejected the value that is no answer; undefined: any token will do */
async function fetchOther(
  { rejected, via }: Omit<TokenRequest, 'force'>,
  { appid, source, store, clock, random = Math.random }: RefreshDependencies,
): Promise<{ issued: IssuedToken; askedAt: number }> {
  const ask = async (force: boolean): Promise<{ issued: IssuedToken; askedAt: number }> => {
    const askedAt = clock.now();
    return { issued: await source.fetch({ force, rejected, via }), askedAt };
  };
  let answer = await ask(false);
  if (rejected === undefined || answer.issued.value !== rejected) return answer;
  if (!source.canForce) throw sameAgain();
  if (!store.shared) {
    // Replicas that share nothing are rejected together: the first to wake forces, the others look
    // again and find its token.
    await new Promise<void>((resolve) => void clock.after(random() * STAGGER_MS, resolve));
    answer = await ask(false);
    if (answer.issued.value !== rejected) return answer;
  }
  if (!(await store.takeForce(appid, clock.now()))) throw forceBudgetSpent();
  answer = await ask(true);
  if (answer.issued.value === rejected) throw sameAgain();
  return answer;
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

function sameAgain(): TokenCallError {
  return new TokenCallError(
    'busy',
    'the rejected token was given again, and there is no other one',
  );
}
