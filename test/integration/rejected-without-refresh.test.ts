import t from 'tap';
import { proxyAndSimulator, until } from '../helpers/proxy.ts';
import { call, callAtOnce } from './app.ts';
import { proxyInSharedTime } from './shared-time.ts';

t.test("a rejected token whose refresh fails too: the app gets WeChat's own answer", async (t) => {
  const { proxy, simulator } = await proxyInSharedTime(t);
  simulator.revoke();
  simulator.refuseTokens({ errcode: -1, count: 'forever' });
  simulator.reset('counts');
  const replies = await callAtOnce(proxy.url, 100);
  for (const { status, body, headers } of replies) {
    t.equal(status, 200);
    t.match(body, /^\{"errcode":40001,"errmsg":"invalid credential, access_token is .* rid: /);
    t.equal(headers['x-wxproxy-error'], undefined, 'it is no answer of ours');
  }
  t.equal(simulator.counts.apiCalls, 100, 'each was sent once');
  t.equal(simulator.counts.tokenCalls, 1, 'the back-off holds for rejections as well');
  t.equal(await proxy.metric('replays_skipped_total', { reason: 'no_token' }), 100);
  t.equal(await proxy.metric('token_refresh_failures_total', { reason: 'busy' }), 1);
});

t.test('also when the refresh takes too long', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t, { WXPROXY_TOKEN_TIMEOUT: '500ms' });
  const timeouts = (): Promise<number> =>
    proxy.metric('token_refresh_failures_total', { reason: 'timeout' });
  const before = await timeouts();
  simulator.revoke();
  simulator.fault({ kind: 'hang', tokenCalls: true, count: 'forever' });
  const { status, json } = await call(`${proxy.url}/wxa/order`);
  t.equal(status, 200);
  t.equal(json['errcode'], 40001);
  await until(async () => (await timeouts()) > before, 'the refresh has timed out');
  t.equal((await timeouts()) - before, 1);
});
