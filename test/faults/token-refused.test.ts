import t from 'tap';
import { figure } from '../helpers/figures.ts';
import { until } from '../helpers/proxy.ts';
import { movedClock } from './clock-of.ts';
import { json, startFaultyEndpoint, type FaultyAccount, type Trouble } from './token-endpoint.ts';
import { callOnce, startWithAccounts, type Call } from './token-traffic.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const NOON_IN_BEIJING = Date.parse('2026-05-01T04:00:00Z');

const refusing =
  (errcode: number, errmsg: string): Trouble =>
  (res) =>
    json(res, { errcode, errmsg });

/** Refusals that no retry mends, and how long they are left alone. */
const REFUSALS = {
  40164: refusing(40164, 'invalid ip 203.0.113.7, not in whitelist'),
  45009: refusing(45009, 'reach max api daily quota limit'),
} as const;

t.test('40164 is asked again after a minute, 45009 after midnight in Beijing', async (t) => {
  const clock = movedClock(t, NOON_IN_BEIJING);
  const endpoint = await startFaultyEndpoint(t);
  const planned = (trouble: Trouble): readonly FaultyAccount[] =>
    (['stable_token', 'token'] as const).flatMap((tokenApi) =>
      [0, 1].map((goodCalls) => endpoint.account({ tokenApi, lifeS: 2, goodCalls, trouble })),
    );
  const unlisted = planned(REFUSALS[40164]);
  const overdrawn = planned(REFUSALS[45009]);
  const all = [...unlisted, ...overdrawn];
  const { url } = await startWithAccounts(t, endpoint, clock.env);

  /** Each app calls three times, together. */
  const call = async (accounts: readonly FaultyAccount[]): Promise<readonly Call[]> =>
    Promise.all([...accounts, ...accounts, ...accounts].map((account) => callOnce(url, account)));
  /** Calls after those that were answered well. */
  const asked = (accounts: readonly FaultyAccount[]): readonly number[] =>
    accounts.map(({ callsAtMs, goodCalls }) => callsAtMs.length - goodCalls);
  const mend = (accounts: readonly FaultyAccount[]): void => {
    for (const account of accounts) Object.assign(account, { trouble: undefined, lifeS: 7200 });
  };

  const first = await call(all);
  const atStart = first.filter((_, i) => all[i % all.length]?.goodCalls === 0);
  t.ok(atStart.every(({ status }) => status !== 200));
  t.ok(
    first.filter((one) => !atStart.includes(one)).every(({ status }) => status === 200),
    'those that have a token are served',
  );
  await until(
    async () => (await call(all)).every(({ status }) => status !== 200),
    'what was given at first has expired, and its renewal is refused',
  );
  t.strictSame(new Set(asked(all)), new Set([1]), 'each was refused once');

  for (const { status, code, errcode, retryAfter } of await call(unlisted)) {
    t.strictSame([status, code, errcode], [502, 'ERR_TOKEN_REFUSED', 40164]);
    t.ok(Number(retryAfter) > 30 && Number(retryAfter) <= 60, `Retry-After: ${retryAfter}`);
  }
  for (const { status, code, errcode, retryAfter } of await call(overdrawn)) {
    t.strictSame([status, code, errcode], [503, 'ERR_TOKEN_UNAVAILABLE', -1]);
    const leftS = (NOON_IN_BEIJING + 12 * HOUR - clock.now()) / SECOND;
    t.ok(Math.abs(Number(retryAfter) - leftS) < 5, `Retry-After: ${retryAfter}`);
  }

  await clock.advance(45 * SECOND);
  await call(all);
  t.strictSame(new Set(asked(all)), new Set([1]), 'within the minute nothing is asked');
  await clock.advance(16 * SECOND);
  await call(all);
  await until(() => asked(unlisted).every((count) => count === 2), 'after it once');
  t.strictSame(new Set(asked(overdrawn)), new Set([1]));
  figure(
    'token calls in the first minute of a 40164',
    Math.max(...asked(unlisted)) - 1,
    'for each account',
  );

  mend(unlisted);
  await clock.advance(61 * SECOND);
  const listed = await call(unlisted);
  t.ok(
    listed.every(({ status }) => status === 200),
    'no restart once the IP is on the list',
  );
  t.strictSame(new Set(asked(unlisted)), new Set([3]));

  await clock.advance(11 * HOUR);
  await call(overdrawn);
  t.strictSame(new Set(asked(overdrawn)), new Set([1]), 'not before midnight');
  figure(
    'token calls in the first 11 hours of a 45009',
    Math.max(...asked(overdrawn)),
    'for each account',
  );
  mend(overdrawn);
  await clock.advance(NOON_IN_BEIJING + 12 * HOUR + SECOND - clock.now());
  const anew = await call(overdrawn);
  t.ok(
    anew.every(({ status }) => status === 200),
    'no restart on the next day',
  );
  t.strictSame(new Set(asked(overdrawn)), new Set([2]));
  t.ok(
    all.every(({ badCalls }) => badCalls === 0),
    'nothing was forwarded without a good token',
  );
});
