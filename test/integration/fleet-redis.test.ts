import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { allReady, load, startFleet, sumOfMetric } from '../helpers/fleet.ts';
import { until } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

t.test('eight replicas around one Redis are one caller of the `token` API', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const moments: number[] = [];
  let tokenCalls = (): number => 0;
  const simulator = await startSimulator({
    // It looks at its clock in each token call, once that is counted.
    now() {
      while (moments.length < tokenCalls()) moments.push(performance.now());
      return Date.now();
    },
  });
  t.teardown(() => simulator.stop());
  tokenCalls = () => simulator.counts.tokenCalls;

  const replicas = await startFleet(t, 8, {
    WXPROXY_UPSTREAM: simulator.url,
    WXPROXY_TOKEN_STORE: redis.url,
    WXPROXY_TOKEN_API: 'token',
    WXPROXY_REFRESH_WINDOW: '1s',
  });
  await allReady(replicas);
  t.equal(tokenCalls(), 1, 'started together: one token call');

  const apps = load(t, replicas, 50);
  await until(() => apps.calls > 40, 'the apps call');
  // From the next one on, tokens are told to live 3 s and are renewed 0.8 to 1 s before that.
  simulator.set({ overlapMs: 0, lifetimeMs: 3500 });
  simulator.rotate({ via: 'token' });
  simulator.set({ overlapMs: 1500 });
  await until(() => tokenCalls() > 1, 'somebody fetches');
  await until(
    async () =>
      (await sumOfMetric(replicas, 'token_refreshes_total', { trigger: 'rejected' })) >= 8,
    'every replica has another token',
  );
  t.equal(tokenCalls(), 2, 'an outsider’s rotation under load: one call');
  t.ok(simulator.counts.rejectedCalls >= 8, 'everybody was rejected');

  const { rejectedCalls } = simulator.counts;
  const fetchedBefore = tokenCalls();
  await delay(7500);
  await apps.stop();
  t.strictSame(apps.failures, [], `none of ${apps.calls} requests failed`);
  t.equal(simulator.counts.rejectedCalls, rejectedCalls, 'and none went out with a bad token');
  // From the rotation on, which was the second call.
  const lives = moments
    .slice(2)
    .map((moment, i) => Math.round(moment - (moments[i + 1] as number)));
  t.ok(lives.length >= 3, `over several lifetimes (${lives.join(', ')} ms)`);
  t.ok(
    lives.every((life) => life > 1900),
    'each token lived until it was due: one call per lifetime',
  );
  // The next one may be under way: WeChat has counted it and its replica not yet.
  const fetched = (): Promise<number> =>
    sumOfMetric(replicas, 'token_refreshes_total', { outcome: 'fetched' });
  await until(
    async () => (await fetched()) === tokenCalls(),
    'every call was made by the one refresher of the moment',
  );
  const adopted = await sumOfMetric(replicas, 'token_refreshes_total', { outcome: 'adopted' });
  t.ok(adopted >= 7 * (fetchedBefore + lives.length - 1), `the others adopted (${adopted})`);
});
