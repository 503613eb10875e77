import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { allReady, load, startFleet, startReplica, sumOfMetric } from '../helpers/fleet.ts';
import { until } from '../helpers/proxy.ts';

const KEY = 'the key of the central server';

t.test('four sidecars without any AppSecret share the token of a central server', async (t) => {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const tokenCalls = (): number => simulator.counts.tokenCalls;

  const common = { WXPROXY_UPSTREAM: simulator.url, WXPROXY_REFRESH_WINDOW: '1s' };
  const central = await startReplica(t, {
    ...common,
    WXPROXY_TOKEN_API: 'token',
    WXPROXY_TOKEN_ENDPOINTS: 'issue',
    WXPROXY_CLIENT_KEY: KEY,
  });
  const sidecars = await startFleet(t, 4, {
    ...common,
    WECHAT_APPSECRET: undefined,
    WXPROXY_TOKEN_PEER: central.url,
    WXPROXY_TOKEN_PEER_KEY: KEY,
  });
  await allReady(sidecars);
  t.equal(tokenCalls(), 1, 'started together: one token call');

  const apps = load(t, sidecars, 25);
  await until(() => apps.calls > 40, 'the apps call');
  simulator.set({ overlapMs: 0, lifetimeMs: 3500 });
  simulator.rotate({ via: 'token' });
  simulator.set({ overlapMs: 1500 });
  await until(() => tokenCalls() > 1, 'the central one fetches');
  const moments = [performance.now()];
  await until(
    async () =>
      (await sumOfMetric(sidecars, 'token_refreshes_total', { trigger: 'rejected' })) >= 4,
    'every sidecar has another token',
  );
  t.equal(tokenCalls(), 2, 'an outsider’s rotation under load: one call');
  t.equal(await central.metric('token_refreshes_total', { trigger: 'requested' }), 1);

  const { rejectedCalls } = simulator.counts;
  for (const end = performance.now() + 7500; performance.now() < end; await delay(5)) {
    while (moments.length < tokenCalls() - 1) moments.push(performance.now());
  }
  await apps.stop();
  t.strictSame(apps.failures, [], `none of ${apps.calls} requests failed`);
  t.equal(simulator.counts.rejectedCalls, rejectedCalls, 'and none went out with a bad token');
  const lives = moments.slice(1).map((moment, i) => Math.round(moment - (moments[i] as number)));
  t.ok(lives.length >= 3, `over several lifetimes (${lives.join(', ')} ms)`);
  t.ok(
    lives.every((life) => life > 1900),
    'each token lived until it was due: one call per lifetime',
  );
  const fetched = await central.metric('token_refreshes_total', { outcome: 'fetched' });
  t.equal(fetched, tokenCalls(), 'all calls were the central one’s');
  const secrets = simulator.requests.filter(({ url }) => url.includes('secret='));
  t.equal(secrets.length, tokenCalls(), 'the AppSecret left with token calls alone');
});
