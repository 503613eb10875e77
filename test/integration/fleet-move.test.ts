import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { load, good } from '../helpers/fleet.ts';
import { startProxy, untilReady, type RunningProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';
import { CENTRAL, sidecarOf } from './peers.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Proxies come and go while apps call all that there are. */
async function moving(t: Test) {
  const simulator = await startSimulator({ rules: { overlapMs: 0 } });
  t.teardown(() => simulator.stop());
  const start = async (env: Env): Promise<RunningProxy> => {
    const proxy = await startProxy(t, { upstream: simulator.url, env });
    await untilReady(proxy);
    return proxy;
  };
  /** Starts the new ones beside the old, and ends the old one by one. */
  const roll = async (old: readonly RunningProxy[], env: Env): Promise<readonly RunningProxy[]> => {
    const replaced: RunningProxy[] = [];
    for (const proxy of old) {
      const next = await start(env);
      replaced.push(next);
      const apps = load(t, [next, ...old.slice(replaced.length - 1)], 10);
      while (apps.calls < 20) await good(`${next.url}/wxa/order`);
      await apps.stop();
      t.strictSame(apps.failures, []);
      await proxy.stop();
    }
    return replaced;
  };
  const isQuiet = (): void => {
    t.equal(simulator.counts.rejectedCalls, 0, 'no token was retired under anybody');
  };
  return { simulator, start, roll, isQuiet };
}

t.test('sidecars move to Redis and the `token` API, and back, without a bad token', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const { simulator, start, roll, isQuiet } = await moving(t);
  let fleet: readonly RunningProxy[] = [await start({}), await start({})];
  const withRedis = { WXPROXY_TOKEN_STORE: redis.url };
  fleet = await roll(fleet, withRedis);
  isQuiet();
  fleet = await roll(fleet, { ...withRedis, WXPROXY_TOKEN_API: 'token' });
  isQuiet();
  fleet = await roll(fleet, withRedis);
  await roll(fleet, {});
  isQuiet();
  t.equal(simulator.counts.accounts[DEMO_ACCOUNT.appid]?.stableForced, 0);
});

t.test('sidecars move to a central server and give up their AppSecret, and back', async (t) => {
  const { simulator, start, roll, isQuiet } = await moving(t);
  let fleet: readonly RunningProxy[] = [await start({}), await start({})];
  const central = await start(CENTRAL);
  fleet = await roll(fleet, sidecarOf(central.url));
  isQuiet();
  await roll(fleet, {});
  await central.stop();
  isQuiet();
  const values = simulator.requests
    .filter(({ url }) => url.startsWith('/wxa/'))
    .map(({ url }) => /access_token=([^&]+)/.exec(url)?.[1]);
  t.equal(new Set(values).size, 1, 'it was the same token all the time');
});
