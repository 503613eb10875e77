import t from 'tap';
import type { AccountMetrics } from '../../../src/telemetry/account-metrics.ts';
import { APPID, instance, scrape, series } from './scraped.ts';

t.test('of a disposed account nothing is left, of the others everything', async (t) => {
  const metrics = instance();
  const gone = metrics.account('wxgone');
  const kept = metrics.account('wxkept');
  for (const account of [gone, kept]) {
    account.requestEnded('api', 418, 1);
    account.upstreamErrcode(40003);
    account.rejected(40001);
    account.tokenChanged(1, 2);
  }
  const before = await scrape(metrics);
  gone.dispose();
  const after = await scrape(metrics);
  t.strictSame(
    [...after.keys()].filter((id) => id.includes('wxgone')),
    [],
  );
  const others = [...before].filter(([id]) => !id.includes('wxgone'));
  t.strictSame([...after], others);
});

t.test('what a disposed account still counts brings nothing back', async (t) => {
  const metrics = instance();
  const account = metrics.account(APPID);
  account.dispose();
  account.requestEnded('api', 200, 1);
  account.upstreamErrcode(45009);
  account.upstreamFailed('reset');
  account.refreshed('rejected', 'fetched', 1);
  account.refreshFailed('quota');
  account.forceRefreshed();
  account.tokenChanged(1, 2);
  account.rejected(40001);
  account.conflict();
  account.replayed('ok');
  account.replaySkipped('memory');
  account.endpointCalled('token', 'issued');
  account.dispose();
  t.notMatch(await metrics.text(), APPID);
});

t.test('an account that comes back starts at zero', async (t) => {
  const metrics = instance();
  const first = metrics.account(APPID);
  first.conflict();
  first.dispose();
  const second = metrics.account(APPID);
  second.conflict();
  first.conflict();
  const id = series('token_conflicts_total', { appid: APPID });
  t.equal((await scrape(metrics)).get(id), 1);
});

t.test(
  'calls without an account have series of calls, and no token that could expire',
  async (t) => {
    const metrics = instance();
    t.notMatch(await metrics.text(), 'appid="none"', 'not before there is one');
    metrics.unattributed.requestEnded('other-token', 200, 0.1);
    metrics.unattributed.upstreamFailed('connect');
    const scraped = await scrape(metrics);
    const labels = { appid: 'none', route: 'other-token', status: '200' };
    t.equal(scraped.get(series('requests_total', labels)), 1);
    t.equal(metrics.unattributed, metrics.unattributed);
    const ids = [...scraped.keys()].filter((id) => id.includes('"none"'));
    t.strictSame(
      ids.filter((id) => /token_(?!endpoint)|replays/.test(id)),
      [],
    );
  },
);

t.test('accounts may come and go while the text is made', async (t) => {
  const metrics = instance();
  const begun = (appid: string): AccountMetrics => {
    const account = metrics.account(appid);
    account.refreshed('startup', 'fetched', 1);
    account.requestEnded('api', 200, 1);
    return account;
  };
  const accounts = Array.from({ length: 300 }, (_, i) => begun(`wx${i}`));
  let turns = 0;
  let going = true;
  const turn = (): void => {
    // One of the same name comes in its place; one of a new name as well.
    for (const at of [turns, 299 - turns]) accounts[at]?.dispose();
    begun(`wx${turns}`);
    begun(`wxlate${turns}`);
    turns++;
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  const text = await metrics.text();
  going = false;
  t.ok(turns > 10, `${turns} came, and twice as many went`);
  const ids = text.match(/^wxproxy_\S+/gm) ?? [];
  t.equal(new Set(ids).size, ids.length, 'no series is there twice');
  const refreshes = /^wxproxy_token_refreshes_total\{.*"startup",outcome="fetched"\} (\d+)$/gm;
  const counts = [...text.matchAll(refreshes)].map(([, count]) => count);
  t.ok(counts.length > 200);
  t.same(new Set(counts), new Set(['1']), 'nor the zeroes of one that is gone');
  const durations =
    /^wxproxy_request_duration_seconds_(?:bucket\{.*,le="\+Inf"|count\{.*)\} (\d+)$/gm;
  const ends = [...text.matchAll(durations)].map(([, count]) => count);
  t.ok(ends.length > 400);
  for (let i = 0; i < ends.length; i += 2) t.equal(ends[i], ends[i + 1], 'a histogram is whole');
});
