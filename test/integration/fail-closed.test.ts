import t from 'tap';
import { until, untilReady } from '../helpers/proxy.ts';
import { call, upload } from './app.ts';
import { proxyInSharedTime } from './shared-time.ts';

const LIFETIME_MS = 7_200_000;

t.test(
  'a token that cannot be renewed is served to its end; then nothing is forwarded',
  async (t) => {
    const { proxy, simulator, clock } = await proxyInSharedTime(t, {
      WXPROXY_REPLAY_BODY_LIMIT: '1KiB',
    });
    simulator.fault({ kind: 'server-error', tokenCalls: true, count: 'forever' });
    simulator.reset('counts');
    const failed = (): Promise<number> =>
      proxy.metric('token_refreshes_total', { outcome: 'failed' });

    await clock.advance(LIFETIME_MS - 100_000);
    await until(async () => (await failed()) > 0, 'the renewal failed');
    t.equal((await call(`${proxy.url}/wxa/order`)).json['errcode'], 0, 'the old token is served');
    t.equal((await call(`${proxy.admin}/readyz`)).status, 200);

    const before = await failed();
    await clock.advance(100_000);
    await until(async () => (await failed()) > before, 'it failed again');
    const { apiCalls, tokenCalls } = simulator.counts;
    const replies = await Promise.all([
      call(`${proxy.url}/wxa/order`),
      call(`${proxy.url}/wxa/order`, { method: 'POST', body: 'order' }),
      upload(proxy.url, 100_000),
    ]);
    for (const { status, headers, json } of replies) {
      t.equal(status, 503);
      t.equal(headers.get('x-wxproxy-error'), 'ERR_TOKEN_UNAVAILABLE');
      t.match(headers.get('retry-after'), /^[1-9]\d*$/);
      t.equal(json['errcode'], -1);
    }
    t.equal((await call(`${proxy.admin}/readyz`)).status, 503);
    t.equal(simulator.counts.apiCalls, apiCalls, 'not one request went out without a token');
    t.equal(simulator.counts.tokenCalls, tokenCalls, 'nor did they make it ask again sooner');

    simulator.reset();
    await clock.advance(60_000);
    await untilReady(proxy);
    t.equal((await call(`${proxy.url}/wxa/order`)).json['errcode'], 0);
  },
);
