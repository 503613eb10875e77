import { readFileSync, statSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { allReady, good, startReplica, type Replica } from '../helpers/fleet.ts';
import { until } from '../helpers/proxy.ts';

async function bench(t: Test) {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const path = `${t.testdir({})}/tokens.json`;
  const start = async (store = path): Promise<Replica> => {
    const env = { WXPROXY_UPSTREAM: simulator.url, WXPROXY_TOKEN_STORE: `file:${store}` };
    const replica = await startReplica(t, { ...env, WXPROXY_TOKEN_API: 'token' });
    await allReady([replica]);
    return replica;
  };
  return { simulator, path, start };
}

async function end(replica: Replica, signal: NodeJS.Signals): Promise<void> {
  replica.kill(signal);
  await replica.exited;
}

function warnings({ stdout }: Replica): number {
  return stdout.split('\n').filter((line) => line.includes('"level":"warn"')).length;
}

t.test('a restart within the token’s life makes no token call, however it ended', async (t) => {
  const { simulator, path, start } = await bench(t);
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGINT'] as const) {
    const replica = await start();
    t.equal(await good(`${replica.url}/wxa/order`), undefined);
    await end(replica, signal);
  }
  t.equal(simulator.counts.tokenCalls, 1);
  t.equal(simulator.counts.rejectedCalls, 0);
  t.equal(statSync(path).mode & 0o777, 0o600);
});

t.test('a token that was retired while nobody was there is replaced', async (t) => {
  const { simulator, start } = await bench(t);
  await end(await start(), 'SIGKILL');
  simulator.revoke();
  const replica = await start();
  t.equal(await good(`${replica.url}/wxa/order`), undefined, 'at the first request, by a replay');
  t.equal(simulator.counts.tokenCalls, 2);
});

t.test('an expired token in the file is never sent', async (t) => {
  const { simulator, path, start } = await bench(t);
  simulator.set({ lifetimeMs: 1000 });
  await end(await start(), 'SIGKILL');
  simulator.set({ lifetimeMs: 7_200_000 });
  const expiresAt = Number(/"expiresAt":(\d+)/.exec(readFileSync(path, 'utf8'))?.[1]);
  await until(() => Date.now() > expiresAt, 'the token has expired');
  const replica = await start();
  t.equal(await good(`${replica.url}/wxa/order`), undefined);
  t.equal(simulator.counts.rejectedCalls, 0);
  t.match(replica.stdout, /the token file is stale/);
});

t.test('a damaged file is a warning, and the next start has a good one', async (t) => {
  const { simulator, path, start } = await bench(t);
  await end(await start(), 'SIGKILL');
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length / 2));
  const replica = await start();
  t.match(replica.stdout, /the token file cannot be used/);
  t.equal(warnings(replica), 1);
  t.equal(simulator.counts.tokenCalls, 2);
  await end(replica, 'SIGKILL');
  const next = await start();
  t.equal(warnings(next), 0);
  t.equal(simulator.counts.tokenCalls, 2);
});

t.test('a folder that cannot be written is a warning', async (t) => {
  const { simulator, path, start } = await bench(t);
  writeFileSync(path, 'a file, no folder');
  const replica = await start(`${path}/tokens.json`);
  t.equal(await good(`${replica.url}/wxa/order`), undefined);
  t.match(replica.stdout, /the token file cannot be written/);
  t.equal(simulator.counts.tokenCalls, 1);
});
