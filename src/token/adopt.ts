/** Adopting what another replica has stored: a newer token for which nobody is asked. */
import type { Clock } from './clock.ts';
import type { NewToken } from './new-token.ts';
import { Patience } from './stores/patience.ts';
import type { TokenStore } from './stores/store.ts';
import type { Token } from './token.ts';

export interface AdoptDependencies {
  readonly appid: string;
  readonly store: TokenStore;
  readonly clock: Clock;
}

/**
 * For who may not ask for a token at the moment. Waits for no turn.
 * @returns undefined where there is nothing newer, and where no other replica could have stored it
 * @throws {StoreError}
 */
export async function lookForNewer(
  dependencies: AdoptDependencies,
  current: Token | undefined,
): Promise<NewToken | undefined> {
  const { appid, store } = dependencies;
  if (!store.shared) return undefined;
  const patience = new Patience();
  const { token: stored } = await store.load(appid, patience);
  return adoptNewer(stored, current, dependencies, patience);
}

/**
 * The stored token, if it is valid and newer than the one in hand. Where the store was flushed
 * meanwhile its generation is raised above ours, here and there.
 * @throws {StoreError}
 */
export async function adoptNewer(
  stored: Token | undefined,
  current: Token | undefined,
  { appid, store, clock }: AdoptDependencies,
  patience: Patience,
): Promise<NewToken | undefined> {
  if (stored === undefined || stored.expiresAt <= clock.now()) return undefined;
  if (current === undefined) return adopted(stored, clock);
  if (!isNewer(stored, current)) return undefined;
  if (stored.generation > current.generation) return adopted(stored, clock);
  const raised = { ...stored, generation: current.generation + 1 };
  return adopted(await store.save(appid, raised, patience), clock);
}

export function adopted(token: Token, clock: Clock): NewToken {
  const deadlineMs = clock.monotonic() + token.expiresAt - clock.now();
  return { token, deadlineMs, outcome: 'adopted', guessedLife: false };
}

/** Lives come in whole seconds, and replicas' clocks differ a little: less says nothing about age. */
const CLEARLY_LATER_MS = 2000;

/**
 * By generation; a store that was flushed counts from one again, and then the later expiry tells.
 * The same value is never newer, whatever it counts as there: it may be the one that was rejected.
 */
function isNewer(stored: Token, current: Token): boolean {
  if (stored.value === current.value) return false;
  if (stored.generation > current.generation) return true;
  return stored.expiresAt > current.expiresAt + CLEARLY_LATER_MS;
}
