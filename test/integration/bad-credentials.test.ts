import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { FakeClock } from '../helpers/fake-clock.ts';
import { startProxy, until, untilReady } from '../helpers/proxy.ts';
import { call, upload } from './app.ts';

t.test('bad credentials: not ready, WeChat’s own errcode and words, no hammering', async (t) => {
  const clock = new FakeClock();
  const simulator = await startSimulator({
    accounts: { [DEMO_ACCOUNT.appid]: 'fedcba9876543210fedcba9876543210' },
    now: () => clock.now(),
  });
  t.teardown(() => simulator.stop());
  const proxy = await startProxy(t, {
    upstream: simulator.url,
    clock,
    env: { WXPROXY_REPLAY_BODY_LIMIT: '1KiB' },
  });
  await until(() => proxy.log.some((line) => line.includes('token refresh failed')), 'a refusal');

  t.equal((await call(`${proxy.admin}/healthz`)).status, 200);
  t.equal((await call(`${proxy.admin}/readyz`)).status, 503);
  const replies = await Promise.all([
    ...Array.from({ length: 50 }, () => call(`${proxy.url}/wxa/order`)),
    upload(proxy.url, 100_000),
  ]);
  for (const { status, headers, json } of replies) {
    t.equal(status, 502);
    t.equal(headers.get('x-wxproxy-error'), 'ERR_TOKEN_REFUSED');
    t.equal(json['errcode'], 40125);
    t.match(json['errmsg'], /invalid appsecret.* rid: .*\(ERR_TOKEN_REFUSED\)$/);
  }
  t.equal(simulator.counts.apiCalls, 0, 'nothing was forwarded');
  t.equal(simulator.counts.tokenCalls, 1, 'and WeChat was asked once');
  t.match(proxy.log.join(''), /invalid appsecret/, 'the log has the words too');

  await clock.advance(59_000);
  t.equal((await call(`${proxy.url}/wxa/order`)).status, 502);
  t.equal(simulator.counts.tokenCalls, 1, 'it is asked again after a minute, not sooner');
  simulator.setSecret(DEMO_ACCOUNT.appid, DEMO_ACCOUNT.appsecret);
  await clock.advance(1000);
  await untilReady(proxy);
  t.equal(simulator.counts.tokenCalls, 2);
  t.equal((await call(`${proxy.url}/wxa/order`)).json['errcode'], 0);
});
