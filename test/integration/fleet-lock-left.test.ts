import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { good } from '../helpers/fleet.ts';
import { startProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

const { appid } = DEMO_ACCOUNT;
const LOCK = `wxproxy:{${appid}}:lock`;
const STATE = `wxproxy:{${appid}}:state`;

for (const api of ['stable_token', 'token'] as const) {
  t.test(
    `${api}: a cold start behind a dead replica's lock does not wait for its end`,
    async (t) => {
      const redis = await startRedis(t);
      if (redis === undefined) return;
      const simulator = await startSimulator();
      t.teardown(() => simulator.stop());
      const client = await redis.client();
      await client.set(LOCK, 'somebody who was killed', { PX: 60_000 });
      const env = {
        WXPROXY_TOKEN_STORE: redis.url,
        WXPROXY_TOKEN_API: api,
        WXPROXY_TOKEN_TIMEOUT: '4s', // a turn is waited for 0.8 s or 2 s
      };
      const replica = await startProxy(t, { upstream: simulator.url, env });
      const started = performance.now();
      t.equal(await good(`${replica.url}/wxa/order`), undefined);
      const waitedMs = Math.round(performance.now() - started);
      t.ok(waitedMs < 4000, `served after ${waitedMs} ms`);
      t.ok(waitedMs > (api === 'token' ? 1500 : 500), 'having given it its time');
      const calls = simulator.counts.accounts[appid];
      t.equal(calls?.token, 0, 'nobody’s token is retired');
      t.equal(calls?.stableNormal, 1);
      t.equal(await client.hGet(STATE, 'generation'), '1', 'the next one finds what it got');
      t.equal(await client.get(LOCK), 'somebody who was killed', 'the lock is left to its owner');

      const next = await startProxy(t, { upstream: simulator.url, env });
      t.equal(await good(`${next.url}/wxa/order`), undefined);
      t.equal(simulator.counts.tokenCalls, 1);
    },
  );
}
