/** One refresh, from the account's lock to the stored token; `refresher.ts` says when there is one. */
import { adopted, adoptNewer, type AdoptDependencies } from './adopt.ts';
import { fetchToken, type FetchDependencies } from './fetch-token.ts';
import type { NewToken } from './new-token.ts';
import { Patience } from './stores/patience.ts';
import type { StoredCooldown } from './stores/store.ts';
import type { Token } from './token.ts';

export interface RefreshDependencies extends AdoptDependencies, FetchDependencies {}

interface RefreshQuestion {
  /** The token in hand, if any. */
  readonly current: Token | undefined;
  /** The current token is bad: the same value again is no answer. */
  readonly retired: boolean;
  /** The `Via` of the instance that asked for it. */
  readonly via?: string | undefined;
}

type RefreshAnswer =
  | NewToken
  /** Another replica has found that fetching does not help: nothing was asked. */
  | { readonly cooldown: StoredCooldown };

/**
 * As the account's only refresher: adopts what another replica has stored, else fetches.
 *
 * @throws {TokenCallError} the source gave no token that is of use
 * @throws {StoreError}
 */
export async function refresh(
  dependencies: RefreshDependencies,
  { current, retired, via }: RefreshQuestion,
): Promise<RefreshAnswer> {
  const { appid, store, clock } = dependencies;
  const turnMs = turnPatienceMs({ current, retired }, dependencies);
  const patience = new Patience({ turnMs });
  const unlock = await store.lock(appid, patience);
  try {
    const { token: stored, cooldown } = await store.load(appid, patience);
    const newer = await adoptNewer(stored, current, dependencies, patience);
    if (newer !== undefined) return newer;
    if (retired && isCovered(current, cooldown, clock.now())) return { cooldown };
    const { issued, askedMs, stuck } = await fetchToken(
      {
        rejected: retired ? current?.value : undefined,
        via,
        uncoordinated: unlock === undefined,
      },
      dependencies,
      patience,
    );
    const deadlineMs = askedMs + issued.expiresInMs;
    const token: Token = {
      value: issued.value,
      // By the wall clock as it is now: it may have been set since the token was asked for.
      expiresAt: clock.now() + deadlineMs - clock.monotonic(),
      generation: generationOf(issued.value, current, stored),
    };
    const held = await store.save(appid, token, patience);
    if (held.value !== token.value) return adopted(held, clock);
    return {
      token,
      deadlineMs,
      outcome: token.generation === current?.generation ? 'unchanged' : 'fetched',
      guessedLife: issued.guessedLife ?? false,
      stuck,
    };
  } finally {
    // Nobody waits for that; a lock whose end is not confirmed ends by itself.
    unlock?.().catch(() => {});
  }
}

/**
 * How long to wait for the replica whose turn it is: as long as it takes, unless there is nothing to
 * serve until then. It may have been killed, and its lock lives on for two token calls. Asking
 * beside it retires no token: `stable_token` is idempotent, `token` gives way to it. That costs a
 * call which the fleet has been told to save, so `token` is more patient.
 */
function turnPatienceMs(
  { current, retired }: RefreshQuestion,
  { source, clock, tokenTimeoutMs }: RefreshDependencies,
): number {
  if (retired || (current !== undefined && current.expiresAt > clock.now())) return Infinity;
  return tokenTimeoutMs / (source.rotates ? 2 : 5);
}

/** Whether a cool-down says that another token would be no help: to an expired one it would. */
function isCovered(
  current: Token | undefined,
  cooldown: StoredCooldown | undefined,
  now: number,
): cooldown is StoredCooldown {
  if (current === undefined || current.expiresAt <= now) return false;
  if (cooldown?.generation !== current.generation) return false;
  // One with more left than it was long was written before the wall clock was set back.
  return cooldown.until > now && cooldown.until - now <= cooldown.lengthMs;
}

function generationOf(
  value: string,
  current: Token | undefined,
  stored: Token | undefined,
): number {
  const known = [current, stored].find((token) => token?.value === value);
  return known?.generation ?? Math.max(current?.generation ?? 0, stored?.generation ?? 0) + 1;
}
