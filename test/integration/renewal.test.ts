import t from 'tap';
import { until } from '../helpers/proxy.ts';
import { call, callAtOnce, countGood, upload } from './app.ts';
import { proxyInSharedTime } from './shared-time.ts';

const LIFETIMES = 4;
/** Well inside the refresh window of five minutes. */
const BEFORE_EXPIRY_MS = 200_000;

for (const api of ['stable_token', 'token'] as const) {
  t.test(`no request waits for a renewal, on either lane (${api})`, async (t) => {
    const { proxy, simulator, clock } = await proxyInSharedTime(t, {
      WXPROXY_TOKEN_API: api,
      WXPROXY_REPLAY_BODY_LIMIT: '64KiB',
    });
    simulator.reset('counts');
    const expiresInMs = async (): Promise<number> =>
      (await proxy.metric('token_expiry_timestamp_seconds')) * 1000 - clock.now();

    for (let lifetime = 1; lifetime <= LIFETIMES; lifetime += 1) {
      simulator.fault({ kind: 'hold', tokenCalls: true });
      await clock.advance((await expiresInMs()) - BEFORE_EXPIRY_MS);
      await until(() => simulator.state().held === 1, 'the renewal has begun by itself');

      t.equal(countGood(await callAtOnce(proxy.url, 20)), 20);
      t.ok((await upload(proxy.url, 200_000)).json['media_id']);
      t.equal(simulator.state().held, 1, 'all that while WeChat let the token call wait');
      t.equal(simulator.counts.tokenCalls, lifetime, 'and there was one');

      simulator.release();
      await until(async () => (await expiresInMs()) > BEFORE_EXPIRY_MS, 'the renewal is done');
      t.equal((await call(`${proxy.url}/wxa/order`)).json['errcode'], 0);
    }
    t.equal(simulator.counts.rejectedCalls, 0);
    t.equal(simulator.counts.tokenCalls, LIFETIMES);
  });
}
