import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Replica } from '../helpers/fleet.ts';
import { until } from '../helpers/proxy.ts';
import { figure } from '../helpers/figures.ts';
import { json, startFaultyEndpoint, type FaultyAccount, type Trouble } from './token-endpoint.ts';
import { startTraffic, startWithAccounts, TOKEN_TIMEOUT_MS, type Call } from './token-traffic.ts';

/** Answers without a token, to be asked again. */
const NO_TOKEN: Readonly<Record<string, Trouble>> = {
  'a token call that hangs': () => {},
  'a token call whose connection is reset': (res) => res.socket?.resetAndDestroy(),
  'a token endpoint that answers 500': (res) => res.writeHead(500).end(),
  'an empty 200': (res) => res.writeHead(200).end(),
  'a page of HTML': (res) =>
    res.writeHead(200, { 'content-type': 'text/html' }).end('<html>502 Bad Gateway</html>'),
  'an answer without a token': (res) => json(res, { expires_in: 7200 }),
  'errcode −1': (res) => json(res, { errcode: -1, errmsg: 'system error' }),
};

const given =
  (fields: object, chars?: number): Trouble =>
  (res, issue) =>
    json(res, { access_token: issue(7200, chars), ...fields });

/** Answers that are of use all the same; and the life, in seconds, that they are taken for. */
const STRANGE: Readonly<Record<string, readonly [Trouble, number]>> = {
  'no expires_in': [given({}), 300],
  'expires_in 0': [given({ expires_in: 0 }), 300],
  'expires_in −7200': [given({ expires_in: -7200 }), 300],
  'expires_in "7200"': [given({ expires_in: '7200' }), 7200],
  'expires_in "soon"': [given({ expires_in: 'soon' }), 300],
  'expires_in 1e12': [given({ expires_in: 1e12 }), 300],
  'a token of 2 KiB': [given({ expires_in: 7200 }, 2048), 7200],
};

const APIS = ['stable_token', 'token'] as const;
const FIRST_LIFE_S = 3;
/** From the start, when an outage ends. */
const OUTAGE_MS = 5000;
/** How much later than planned something may come on a busy machine. */
const SLACK_MS = 1500;

interface Met {
  readonly account: FaultyAccount;
  readonly calls: readonly Call[];
  /** Its token calls until the outage ended. */
  readonly tokenCalls: number;
}

interface Case {
  readonly what: string;
  readonly met: readonly Met[];
}

/** One program, an account for each trouble, token API and moment, all at a time. */
async function live(t: Test, troubles: Readonly<Record<string, Trouble>>) {
  const endpoint = await startFaultyEndpoint(t);
  const cases = Object.entries(troubles).map(([what, trouble]) => {
    const accounts = APIS.flatMap((tokenApi) =>
      [0, 1].map((goodCalls) =>
        endpoint.account({ tokenApi, lifeS: FIRST_LIFE_S, goodCalls, trouble }),
      ),
    );
    return { what, accounts };
  });
  const accounts = cases.flatMap((one) => one.accounts);
  const server = await startWithAccounts(t, endpoint);
  const traffic = startTraffic(t, server, accounts);
  await delay(OUTAGE_MS);
  const mendedMs = performance.now();
  const tokenCalls = new Map(accounts.map((account) => [account, account.callsAtMs.length]));
  for (const account of accounts) {
    account.trouble = undefined;
    account.lifeS = 7200;
  }
  await until(
    () => accounts.every((account) => traffic.callsOf(account).at(-1)?.status === 200),
    'every account is served again',
    20_000,
  );
  await traffic.stop();
  const met = (account: FaultyAccount): Met => ({
    account,
    calls: traffic.callsOf(account),
    tokenCalls: tokenCalls.get(account) ?? 0,
  });
  return {
    server,
    mendedMs,
    cases: cases.map((one): Case => ({ what: one.what, met: one.accounts.map(met) })),
    all: accounts.map(met),
  };
}

t.test('whatever a token endpoint answers, at start and at renewal', async (t) => {
  // Hanging calls hold the few connections for token calls up: those accounts are among themselves.
  const { 'a token call that hangs': hangs, ...others } = NO_TOKEN;
  const strange = Object.fromEntries(Object.entries(STRANGE).map(([what, [how]]) => [what, how]));
  const [hung, failed, odd] = await Promise.all([
    live(t, { 'a token call that hangs': hangs as Trouble }),
    live(t, others),
    live(t, strange),
  ]);
  for (const one of [...hung.cases, ...failed.cases]) judgeOutage(t, one);
  for (const one of odd.cases) judgeStrange(t, one, odd.server, STRANGE[one.what]?.[1] ?? 0);

  const inOutage = [...hung.all, ...failed.all];
  const requests = inOutage.flatMap(({ calls }) => calls);
  const refused = requests.filter(({ status }) => status !== 200);
  figure(
    'token calls in an outage of 5 s, most of any account',
    Math.max(...inOutage.map(({ tokenCalls, account }) => tokenCalls - account.goodCalls)),
    `under ${Math.round(requests.length / inOutage.length)} requests`,
  );
  figure(
    'requests answered with a clear 503',
    refused.length,
    `of ${requests.length}, the others served`,
  );
  const served = [hung, failed].flatMap(({ all, mendedMs }) =>
    all.map(({ calls }) => firstServedMs(calls, mendedMs)),
  );
  figure('slowest recovery after an outage of 5 s', Math.max(...served), 'ms');
  const used = odd.all.flatMap(({ calls }) => calls);
  const lost = used.filter(({ status }) => status !== 200);
  figure('requests that failed for a strange token answer', lost.length, `of ${used.length}`);
});

function judgeOutage(t: Test, { what, met }: Case): void {
  void t.test(`${what}: served to the end, then 503, asked ever more rarely`, (t) => {
    for (const { account, calls, tokenCalls } of met) {
      const isRenewal = account.goodCalls === 1;
      const where = `${account.tokenApi}, at ${isRenewal ? 'renewal' : 'start'}`;
      t.match(
        phases(calls),
        isRenewal ? /^\.+x+\.+$/ : /^x+\.+$/,
        `${where}: served until it expires, not then, and again after the outage`,
      );
      const refused = calls.filter(({ status }) => status !== 200);
      t.strictSame(
        refused.filter((call) => !isClear503(call)),
        [],
        `${where}: what is not served is a 503 that says when to try again`,
      );
      const endMs = account.issuedAtMs + FIRST_LIFE_S * 1000;
      const isEarly = isRenewal && (refused[0]?.endedMs ?? 0) < endMs - SLACK_MS / 2;
      t.notOk(isEarly, `${where}: the token is served to its end`);
      t.equal(account.badCalls, 0, `${where}: nothing was forwarded without a good token`);
      t.equal(account.callsAtMs.length, tokenCalls + 1, `${where}: one call ended the outage`);
      t.strictSame(wrongGaps(account.callsAtMs.slice(account.goodCalls)), [], `${where}: gaps`);
    }
    t.end();
  });
}

function judgeStrange(t: Test, { what, met }: Case, server: Replica, lifeS: number): void {
  void t.test(`${what}: the token is used, and taken for ${lifeS} s`, async (t) => {
    for (const { account, calls } of met) {
      const where = `${account.tokenApi}, call ${account.goodCalls + 1}`;
      t.match(phases(calls), /^\.+$/, `${where}: every request is served`);
      t.equal(account.badCalls, 0);
      t.equal(account.callsAtMs.length, account.goodCalls + 1, `${where}: asked once`);
      const { appid, callsAtMs } = account;
      const expiresMs = 1000 * (await server.metric('token_expiry_timestamp_seconds', { appid }));
      const expectedMs = performance.timeOrigin + (callsAtMs.at(-1) ?? 0) + lifeS * 1000;
      t.ok(Math.abs(expiresMs - expectedMs) < SLACK_MS, `${where}: its life`);
    }
  });
}

/** One sign a call: `.` served, `x` not. */
function phases(calls: readonly Call[]): string {
  return calls.map(({ status, errcode }) => (status === 200 && errcode === 0 ? '.' : 'x')).join('');
}

function isClear503({ status, code, retryAfter, errcode }: Call): boolean {
  return (
    status === 503 &&
    code === 'ERR_TOKEN_UNAVAILABLE' &&
    errcode === -1 &&
    /^[1-9]\d*$/.test(retryAfter)
  );
}

/** Gaps between failed calls that are shorter or longer than 1 s, 2 s, 4 s … less half by chance. */
function wrongGaps(callsAtMs: readonly number[]): string[] {
  return callsAtMs.slice(1).flatMap((atMs, i) => {
    const gapMs = atMs - (callsAtMs[i] ?? 0);
    const mostMs = 1000 * 2 ** i;
    const isRight = gapMs >= mostMs / 2 - 5 && gapMs <= mostMs + TOKEN_TIMEOUT_MS + SLACK_MS;
    return isRight ? [] : [`${Math.round(gapMs)} ms instead of ${mostMs / 2} to ${mostMs}`];
  });
}

function firstServedMs(calls: readonly Call[], sinceMs: number): number {
  const first = calls.find(({ status, startedMs }) => status === 200 && startedMs > sinceMs);
  return Math.round((first?.endedMs ?? Infinity) - sinceMs);
}
