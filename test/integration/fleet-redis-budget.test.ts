import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { good } from '../helpers/fleet.ts';
import { startProxy, untilReady, type RunningProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

async function fleet(t: Test, api: 'stable_token' | 'token') {
  const redis = await startRedis(t);
  if (redis === undefined) return undefined;
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const replicas: RunningProxy[] = [];
  for (let i = 0; i < 4; i++) {
    const env = { WXPROXY_TOKEN_STORE: redis.url, WXPROXY_TOKEN_API: api };
    const replica = await startProxy(t, { upstream: simulator.url, env });
    await untilReady(replica);
    replicas.push(replica);
  }
  const counts = () => simulator.counts.accounts[DEMO_ACCOUNT.appid];
  const callAll = (path: string, times: number): Promise<readonly (string | undefined)[]> =>
    Promise.all(
      Array.from({ length: times }, () => replicas.map(({ url }) => good(url + path))).flat(),
    );
  return { simulator, counts, callAll };
}

t.test(
  'an endpoint that rejects for ever costs the fleet one token, and no replica more',
  async (t) => {
    const made = await fleet(t, 'token');
    if (made === undefined) return;
    const { simulator, counts, callAll } = made;
    simulator.reject({ count: 'forever', path: '/wxa/never' });
    for (let round = 0; round < 5; round++) {
      for (const answer of await callAll('/wxa/never', 5)) t.match(answer, /40001/);
      const others = await callAll('/wxa/order', 2);
      t.ok(
        others.every((failure) => failure === undefined),
        'nobody else notices',
      );
    }
    t.equal(counts()?.token, 2, 'one at the start, one to find out');
  },
);

t.test(
  'a token that WeChat gives again although it is bad costs the fleet one force_refresh',
  async (t) => {
    const made = await fleet(t, 'stable_token');
    if (made === undefined) return;
    const { simulator, counts, callAll } = made;
    simulator.revoke({ mode: 'kept' });
    t.ok((await callAll('/wxa/order', 10)).every((failure) => failure === undefined));
    t.equal(counts()?.stableForced, 1);
    t.equal(counts()?.stableNormal, 2, 'one at the start, one look before the force');
    simulator.revoke({ mode: 'kept' });
    for (const answer of await callAll('/wxa/order', 10)) t.match(answer, /40001/);
    t.equal(counts()?.stableForced, 1, 'the next is 30 s away, for all of them');
  },
);
