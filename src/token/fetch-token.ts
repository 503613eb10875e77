/** Asking the source for a token; where it gives the rejected one again, for another. */
import type { AccountMetrics } from '../telemetry/account-metrics.ts';
import type { Clock } from './clock.ts';
import { FORCE_BUDGET } from './force-budget.ts';
import { staggerMs } from './schedule.ts';
import type { IssuedToken, TokenRequest, TokenSource } from './sources/source.ts';
import type { Patience } from './stores/patience.ts';
import type { TokenStore } from './stores/store.ts';

export interface FetchDependencies {
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

interface FetchedToken {
  readonly issued: IssuedToken;
  /** Monotonic ms: its life is counted from before it was asked for, never later than WeChat means. */
  readonly askedMs: number;
  /** Why it is the rejected one again, where it is. */
  readonly stuck?: string;
}

/**
 * A normal call; the same string back although it was rejected: a `force_refresh`, if there is one
 * to spend.
 * @param question `rejected` is the value that is no answer; undefined: any token will do
 * @throws {TokenCallError} the source gave no token that is of use
 * @throws {StoreError}
 */
export async function fetchToken(
  question: Omit<TokenRequest, 'force'>,
  { appid, source, store, clock, metrics, tokenTimeoutMs, random = Math.random }: FetchDependencies,
  patience: Patience,
): Promise<FetchedToken> {
  const { rejected } = question;
  const ask = async (force: boolean): Promise<FetchedToken> => {
    const askedMs = clock.monotonic();
    const uncoordinated = question.uncoordinated === true || store.cutOff === true;
    return { issued: await source.fetch({ ...question, force, uncoordinated }), askedMs };
  };
  const isOther = ({ issued }: FetchedToken): boolean =>
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
  if (!(await store.takeForce(appid, clock.now(), patience))) return { ...answer, stuck: SPENT };
  metrics.forceRefreshed();
  answer = await ask(true);
  if (isOther(answer)) return answer;
  return { ...answer, stuck: `${SAME_AGAIN}, even after force_refresh` };
}

const SAME_AGAIN = 'WeChat gives the rejected token again';
const SPENT = `${SAME_AGAIN}, and no force_refresh may be spent now (${FORCE_BUDGET.perDay} a day, ${FORCE_BUDGET.apartMs / 1000} s apart)`;
