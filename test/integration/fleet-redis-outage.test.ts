import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { good } from '../helpers/fleet.ts';
import { startProxy, until, untilReady, type RunningProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

/**
 * Longer than a request may wait for Redis (0.5 s, once) on a machine that is busy with other tests,
 * and shorter than what Redis makes those wait who wait for it.
 */
const BOUND_MS = 3000;
const DOWN = 'the token store is down: going on with the token in memory';
const BACK = 'the token store is back';
const PROBES = { operation: 'probe', outcome: 'failed' };

async function fleet(t: Test, count: number, env: Readonly<Record<string, string>> = {}) {
  const redis = await startRedis(t);
  if (redis === undefined) return undefined;
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const start = (): Promise<RunningProxy> =>
    startProxy(t, {
      upstream: simulator.url,
      env: { WXPROXY_TOKEN_STORE: redis.url, WXPROXY_TOKEN_API: 'token', ...env },
    });
  const replicas: RunningProxy[] = [];
  for (let i = 0; i < count; i++) {
    const replica = await start();
    await untilReady(replica);
    replicas.push(replica);
  }
  t.equal(simulator.counts.tokenCalls, Math.min(count, 1));
  return { redis, simulator, replicas, start };
}

function lines({ log }: RunningProxy, message: string): number {
  return log.filter((line) => line.includes(message)).length;
}

/** Calls each replica. @returns the longest that an app waited, in ms */
async function callAll(t: Test, replicas: readonly RunningProxy[], each = 1): Promise<number> {
  const failures: string[] = [];
  const waits = await Promise.all(
    Array.from({ length: each }, () => replicas)
      .flat()
      .map(async ({ url }) => {
        const started = performance.now();
        const failure = await good(`${url}/wxa/order`);
        if (failure !== undefined) failures.push(failure);
        return performance.now() - started;
      }),
  );
  t.strictSame(failures, [], 'every request is answered well');
  return Math.max(...waits);
}

t.test(
  'a Redis that sleeps: a replica waits for it once, and no longer than the bound',
  async (t) => {
    const made = await fleet(t, 2, { WXPROXY_TOKEN_API: 'stable_token' });
    if (made === undefined) return;
    const { redis, simulator, replicas } = made;
    const client = await redis.client();
    const sleeping = client.sendCommand(['DEBUG', 'SLEEP', '5']);
    for (let rotation = 1; rotation <= 3; rotation++) {
      simulator.rotate();
      const waitedMs = await callAll(t, replicas, 5);
      t.ok(waitedMs < BOUND_MS, `${Math.round(waitedMs)} ms`);
    }
    for (const replica of replicas) {
      const failed = await replica.metric('store_operations_total', { outcome: 'failed' });
      const waited = failed - (await replica.metric('store_operations_total', PROBES));
      t.equal(waited, 1, 'of all that was asked of it, one operation was waited for');
    }
    await sleeping;
    for (const replica of replicas) {
      await until(() => lines(replica, BACK) === 1, 'it is back');
      t.equal(lines(replica, DOWN), 1);
    }
  },
);

t.test('a Redis that is paused: said once, counted, and then shared again', async (t) => {
  const made = await fleet(t, 2, { WXPROXY_TOKEN_API: 'stable_token' });
  if (made === undefined) return;
  const { redis, simulator, replicas } = made;
  redis.pause();
  await callAll(t, replicas, 5);
  for (const replica of replicas)
    t.equal(lines(replica, DOWN), 0, 'a token in memory needs no Redis');
  simulator.rotate();
  t.ok((await callAll(t, replicas, 5)) < BOUND_MS);
  for (const replica of replicas) {
    const probes = () => replica.metric('store_operations_total', PROBES);
    await until(async () => (await probes()) >= 3, 'it is looked after');
  }
  redis.resume();
  for (const replica of replicas) await until(() => lines(replica, BACK) === 1, 'it is back');
  simulator.rotate();
  const before = simulator.counts.tokenCalls;
  await callAll(t, replicas, 5);
  t.equal(simulator.counts.tokenCalls, before + 1, 'one fetches, the other adopts');
  for (const replica of replicas) {
    t.equal(lines(replica, DOWN), 1);
    t.equal(lines(replica, BACK), 1);
  }
});

t.test('a Redis that is gone and comes back empty costs no token call', async (t) => {
  const made = await fleet(t, 3);
  if (made === undefined) return;
  const { redis, simulator, replicas, start } = made;
  await redis.kill();
  await callAll(t, replicas, 5);
  t.equal(simulator.counts.tokenCalls, 1);
  await redis.start();
  simulator.set({ overlapMs: 0 });
  simulator.rotate({ via: 'token' });
  await callAll(t, replicas, 5);
  t.equal(simulator.counts.tokenCalls, 2, 'rejected together: one call');
  const late = await start();
  await untilReady(late);
  t.equal(simulator.counts.tokenCalls, 2, 'a new replica finds the token there');
});

t.test('a flushed Redis costs one token call, whoever comes first', async (t) => {
  const made = await fleet(t, 3);
  if (made === undefined) return;
  const { redis, simulator, replicas, start } = made;
  // A little more than that of the first: whole seconds on the wire hide which one is newer.
  simulator.set({ overlapMs: 0, lifetimeMs: 7_210_000 });
  const client = await redis.client();
  await client.flushAll();
  const late = await start();
  await untilReady(late);
  t.equal(simulator.counts.tokenCalls, 2, 'a new replica finds nothing and fetches');
  await callAll(t, [...replicas, late], 5);
  t.equal(simulator.counts.tokenCalls, 2, 'the others are rejected and adopt what it has stored');
  simulator.rotate({ via: 'token' });
  await callAll(t, [late, ...replicas], 5);
  t.equal(simulator.counts.tokenCalls, 3, 'and they go on as one fleet');
});

t.test('a Redis that is not there at the start does not hold it up', async (t) => {
  const made = await fleet(t, 0);
  if (made === undefined) return;
  const { redis, simulator, start } = made;
  await redis.kill();
  const started = performance.now();
  const replica = await start();
  await untilReady(replica);
  t.ok(performance.now() - started < BOUND_MS);
  t.equal(simulator.counts.tokenCalls, 1);
  t.match(replica.log.join(''), 'ECONNREFUSED', 'and why is said');
  await redis.start();
  await until(() => lines(replica, BACK) === 1, 'it is noticed when it comes');
});
