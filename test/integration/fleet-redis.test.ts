import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { allReady, load, startFleet, sumOfMetric } from '../helpers/fleet.ts';
import { until } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

t.test('eight replicas around one Redis are one caller of the `token` API', async (t) => {
  const redis = await startRedis(t);
  if (redis === undefined) return;
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const tokenCalls = (): number => simulator.counts.tokenCalls;

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
  const moments = [performance.now()];
  await until(
    async () =>
      (await sumOfMetric(replicas, 'token_refreshes_total', { trigger: 'rejected' })) >= 8,
    'every replica has another token',
  );
  t.equal(tokenCalls(), 2, 'an outsider’s rotation under load: one call');
  t.ok(simulator.counts.rejectedCalls >= 8, 'everybody was rejected');

  const { rejectedCalls } = simulator.counts;
  const fetchedBefore = tokenCalls();
  for (const end = performance.now() + 7500; performance.now() < end; await delay(5)) {
    while (moments.length < tokenCalls() - 1) moments.push(performance.now());
  }
  await apps.stop();
  t.strictSame(apps.failures, [], `none of ${apps.calls} requests failed`);
  t.equal(simulator.counts.rejectedCalls, rejectedCalls, 'and none went out with a bad token');
  const lives = moments.slice(1).map((moment, i) => Math.round(moment - (moments[i] as number)));
  t.ok(lives.length >= 3, `over several lifetimes (${lives.join(', ')} ms)`);
  // Seen from here: a busy machine is late in looking.
  t.ok(
    lives.every((life) => life > 1500),
    `each token lived until it was due, 2 s: one call per lifetime (${lives.join(', ')} ms)`,
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
