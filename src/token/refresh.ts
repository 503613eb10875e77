import type { AccountMetrics } from '../telemetry/account-metrics.ts';
import type { RefreshOutcome } from '../telemetry/labels.ts';
import type { Clock } from './clock.ts';
import type { Dated } from './held-token.ts';
import { staggerMs } from './schedule.ts';
import type { IssuedToken, TokenRequest, TokenSource } from './sources/source.ts';
import { Patience } from './stores/patience.ts';
import type { StoredCooldown, TokenStore } from './stores/store.ts';
import type { Token } from './token.ts';

export interface RefreshDependencies {
  readonly appid: string;
  readonly source: TokenSource;
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly metrics: Pick<AccountMetrics, 'forceRefreshed'>;
  /** How long callers wait for what comes of it. */
  readonly tokenTimeoutMs: number;
  /** In [0, 1); `Math.random` unless given. */
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

export interface NewToken extends Dated {
  readonly outcome: Exclude<RefreshOutcome, 'failed'>;
  /** The source did not say how long the token lives. */
  readonly guessedLife: boolean;
  /** Why the rejected value could not be exchanged for another, where it could not. */
  readonly stuck?: string | undefined;
}

export type RefreshAnswer =
  | NewToken
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
  const turnMs = turnPatienceMs({ current, retired }, dependencies);
  const patience = new Patience({ turnMs });
  const unlock = await store.lock(appid, patience);
  try {
    const { token: stored, cooldown } = await store.load(appid, patience);
    if (stored !== undefined && stored.expiresAt > clock.now() && isNewer(stored, current)) {
      const token = await takeOver(stored, current, dependencies, patience);
      return adopted(token, clock);
    }
    if (retired && isCovered(current, cooldown, clock.now())) return { cooldown };
    const { issued, askedMs, stuck } = await fetchOther(
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
 * Takes over what another replica has stored, without asking anybody for a token: for who may not
 * ask at the moment. Waits for no turn.
 * @returns undefined where there is nothing newer, and where no other replica could have stored it
 * @throws {StoreError}
 */
export async function lookForNewer(
  dependencies: RefreshDependencies,
  current: Token | undefined,
): Promise<NewToken | undefined> {
  const { appid, store, clock } = dependencies;
  if (!store.shared) return undefined;
  const patience = new Patience();
  const { token: stored } = await store.load(appid, patience);
  if (stored === undefined || stored.expiresAt <= clock.now() || !isNewer(stored, current))
    return undefined;
  return adopted(await takeOver(stored, current, dependencies, patience), clock);
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

function adopted(token: Token, clock: Clock): NewToken {
  const deadlineMs = clock.monotonic() + token.expiresAt - clock.now();
  return { token, deadlineMs, outcome: 'adopted', guessedLife: false };
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

/** Lives come in whole seconds, and replicas' clocks differ a little: less says nothing about age. */
const CLEARLY_LATER_MS = 2000;

/**
 * By generation; a store that was flushed counts from one again, and then the later expiry tells.
 * The same value is never newer, whatever it counts as there: it may be the one that was rejected.
 */
function isNewer(stored: Token, current: Token | undefined): boolean {
  if (current === undefined) return true;
  if (stored.value === current.value) return false;
  if (stored.generation > current.generation) return true;
  return stored.expiresAt > current.expiresAt + CLEARLY_LATER_MS;
}

/** Takes a stored token over; after a flush its generation is raised above ours, here and there. */
async function takeOver(
  stored: Token,
  current: Token | undefined,
  { store, appid }: RefreshDependencies,
  patience: Patience,
): Promise<Token> {
  if (current === undefined || stored.generation > current.generation) return stored;
  return store.save(appid, { ...stored, generation: current.generation + 1 }, patience);
}

interface Fetched {
  readonly issued: IssuedToken;
  /** Monotonic ms: its life is counted from before it was asked for, never later than WeChat means. */
  readonly askedMs: number;
  readonly stuck?: string;
}

/** @param question `rejected` is the value that is no answer; undefined: any token will do */
async function fetchOther(
  question: Omit<TokenRequest, 'force'>,
  {
    appid,
    source,
    store,
    clock,
    metrics,
    tokenTimeoutMs,
    random = Math.random,
  }: RefreshDependencies,
  patience: Patience,
): Promise<Fetched> {
  const { rejected } = question;
  const ask = async (force: boolean): Promise<Fetched> => {
    const askedMs = clock.monotonic();
    const uncoordinated = question.uncoordinated === true || store.cutOff === true;
    return { issued: await source.fetch({ ...question, force, uncoordinated }), askedMs };
  };
  const isOther = ({ issued }: Fetched): boolean =>
    rejected === undefined || issued.value !== rejected;

  let answer = await ask(false);
  if (isOther(answer)) return answer;
  if (!source.canForce)
    return { ...answer, stuck: `${source.name} gives the rejected token again` };
  if (!store.shared) {
    // Replicas that share nothing are rejected together: the first to wake forces, the others look
    // again and find its token.
    await new Promise<void>(
      (resolve) => void clock.after(staggerMs(random(), tokenTimeoutMs), resolve),
    );
    answer = await ask(false);
    if (isOther(answer)) return answer;
  }
  if (!(await store.takeForce(appid, clock.now(), patience))) {
    return {
      ...answer,
      stuck:
        'WeChat gives the rejected token again, and no force_refresh may be spent now (18 a day, 30 s apart)',
    };
  }
  metrics.forceRefreshed();
  answer = await ask(true);
  if (isOther(answer)) return answer;
  return { ...answer, stuck: 'WeChat gives the rejected token again, even after force_refresh' };
}

function generationOf(
  value: string,
  current: Token | undefined,
  stored: Token | undefined,
): number {
  const known = [current, stored].find((token) => token?.value === value);
  return known?.generation ?? Math.max(current?.generation ?? 0, stored?.generation ?? 0) + 1;
}
