import t from 'tap';
import { setTimeout as delay } from 'node:timers/promises';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { load } from '../helpers/fleet.ts';
import { startProxy, until, untilReady, type RunningProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

t.test(
  'the `token` API without Redis when the token runs out: nobody retires another’s',
  async (t) => {
    const redis = await startRedis(t);
    if (redis === undefined) return;
    const simulator = await startSimulator({ lifetimeMs: 6500, overlapMs: 2000 });
    t.teardown(() => simulator.stop());
    const counts = () => simulator.counts.accounts[DEMO_ACCOUNT.appid];
    const replicas: RunningProxy[] = [];
    for (let i = 0; i < 6; i++) {
      const env = {
        WXPROXY_TOKEN_STORE: redis.url,
        WXPROXY_TOKEN_API: 'token',
        WXPROXY_REFRESH_WINDOW: '1s',
      };
      replicas.push(await startProxy(t, { upstream: simulator.url, env }));
    }
    for (const replica of replicas) await untilReady(replica);
    await redis.kill();
    const apps = load(t, replicas, 50);
    await delay(11_000); // the token runs out once, and the next one is renewed
    t.strictSame(apps.failures, [], `none of ${apps.calls} requests failed`);
    t.equal(counts()?.token, 1, 'the call that retires a token was not made');
    const normal = counts()?.stableNormal ?? 0;
    t.ok(normal >= 6 && normal <= 60, `each asked for itself, in moderation: ${normal} calls`);
    t.equal(counts()?.stableForced, 0);

    await redis.start();
    for (const { log } of replicas) {
      await until(() => log.some((line) => line.includes('store is back')), 'Redis is back');
    }
    const classic = (): number => counts()?.token ?? 0;
    await until(() => classic() > 1, 'the fleet goes on with the API it was told to use');
    await delay(1000);
    t.equal(classic(), 2, 'one of it for all');
    await apps.stop();
    t.strictSame(apps.failures, [], 'and no request has failed');
    t.equal(simulator.counts.rejectedCalls, 0);
  },
);
