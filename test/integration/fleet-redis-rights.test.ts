import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { good } from '../helpers/fleet.ts';
import { startProxy, until, untilReady, type RunningProxy } from '../helpers/proxy.ts';
import { startRedis, type RedisServer } from '../helpers/redis.ts';

const LOCK = `wxproxy:{${DEMO_ACCOUNT.appid}}:lock`;
const DOWN = 'the token store is down';
const BACK = 'the token store is back';
/** The line that the documentation gives. */
const ACL_USER =
  /^user proxy on >password .*$/m.exec(
    readFileSync(`${import.meta.dirname}/../../docs/topologies.md`, 'utf8'),
  )?.[0] ?? 'the line is gone';
const COMMANDS = ACL_USER.match(/\+\w+/g) ?? [];

/** Long before a lock ends by itself (22 s), on a machine that is busy. */
const PROMPT_MS = 5000;

async function bench(t: Test, config: readonly string[]) {
  const redis = await startRedis(t, { config });
  if (redis === undefined) return undefined;
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const start = (store: string): Promise<RunningProxy> =>
    startProxy(t, { upstream: simulator.url, env: { WXPROXY_TOKEN_STORE: store } });
  return { redis, simulator, start };
}

const as = ({ url }: RedisServer, credentials: string): string =>
  url.replace('://', `://${credentials}@`);

function said({ log }: RunningProxy, message: string): readonly string[] {
  return log.filter((line) => line.includes(message));
}

t.test('who may not do all that is needed never holds the lock, whatever is missing', async (t) => {
  t.equal(COMMANDS.length, 14);
  const users = COMMANDS.map((command, i) =>
    ACL_USER.replace('user proxy', `user without${i}`).replace(` ${command}`, ''),
  );
  const made = await bench(t, users);
  if (made === undefined) return;
  const { redis, simulator, start } = made;
  const client = await redis.client();
  for (const [i, command] of COMMANDS.entries()) {
    const replica = await start(as(redis, `without${i}:password`));
    const started = performance.now();
    t.equal(await good(`${replica.url}/wxa/order`), undefined);
    const tookMs = Math.round(performance.now() - started);
    t.ok(tookMs < PROMPT_MS, `without ${command} nobody waits for anybody: ${tookMs} ms`);
    simulator.rotate();
    t.equal(await good(`${replica.url}/wxa/order`), undefined, 'nor when it is rejected');
    await until(async () => (await client.exists(LOCK)) === 0, 'no lock is left', 2000);
    const lines = said(replica, DOWN);
    t.equal(lines.length, 1, 'said once');
    t.match(lines[0], /grant it \+eval and the other commands/, 'with what to do');
    const failed = { outcome: 'failed' };
    t.ok((await replica.metric('store_operations_total', failed)) >= 1, 'and counted');
    await replica.stop();
  }
  const trials = async (): Promise<number> => (await client.keys('*trial')).length;
  await until(async () => (await trials()) === 0, 'no trace is left of the trial', 3000);
});

t.test('what was missing is granted: the fleet shares again, without a restart', async (t) => {
  const made = await bench(t, [ACL_USER.replace(' +eval', '')]);
  if (made === undefined) return;
  const { redis, simulator, start } = made;
  const replicas = [
    await start(as(redis, 'proxy:password')),
    await start(as(redis, 'proxy:password')),
  ];
  for (const replica of replicas) await untilReady(replica);
  const client = await redis.client();
  await client.sendCommand(['ACL', 'SETUSER', 'proxy', '+eval']);
  for (const replica of replicas) await until(() => said(replica, BACK).length === 1, 'it is back');
  const before = simulator.counts.tokenCalls;
  simulator.rotate();
  for (const { url } of replicas) t.equal(await good(`${url}/wxa/order`), undefined);
  t.equal(simulator.counts.tokenCalls, before + 1, 'one fetches, the other adopts');
});

t.test('who is not let in is told why, once, and what to do', async (t) => {
  const config = [
    ACL_USER,
    `${ACL_USER} +select`.replace('user proxy', 'user chooser'),
    'user default off',
  ];
  const made = await bench(t, config);
  if (made === undefined) return;
  const { redis, start } = made;
  const cases = [
    ['proxy:wr0ng', '', /put the right ones into WXPROXY_TOKEN_STORE.*WRONGPASS/],
    ['nobody:wr0ng', '', /knows no such user with this password.*WRONGPASS/],
    [':wr0ng', '', /knows no such user with this password/],
    ['chooser:password', '/99', /no such database: name another one.*out of range/],
    ['proxy:password', '/3', /grant it \+select/],
    [undefined, '', /Redis wants a password, and.*NOAUTH/],
  ] as const;
  await Promise.all(
    cases.map(async ([credentials, database, advice]) => {
      const store = credentials === undefined ? redis.url : as(redis, credentials);
      const replica = await start(store + database);
      const started = performance.now();
      t.equal(await good(`${replica.url}/wxa/order`), undefined);
      const tookMs = Math.round(performance.now() - started);
      t.ok(tookMs < PROMPT_MS, `${credentials}${database}: ${tookMs} ms`);
      const count = (operation: string) =>
        replica.metric('store_operations_total', { operation, outcome: 'failed' });
      await until(async () => (await count('probe')) >= 2, 'it is looked after');
      t.equal(await count('lock'), 1, 'nobody else waited for it');
      t.equal((await count('load')) + (await count('save')), 0);
      const lines = said(replica, DOWN);
      t.equal(lines.length, 1, `${credentials}${database} is said once`);
      t.match(lines[0], advice);
      const errors = replica.log.filter((line) => line.includes('"level":"error"'));
      t.equal(errors.length, 1, 'in one line');
      t.notMatch(replica.log.join(''), /wr0ng|:password/);
    }),
  );
});

t.test('a password that is put right at Redis is noticed without a restart', async (t) => {
  const made = await bench(t, [ACL_USER.replace('>password', '>old')]);
  if (made === undefined) return;
  const { redis, start } = made;
  const replica = await start(as(redis, 'proxy:password'));
  await untilReady(replica);
  await until(() => said(replica, DOWN).length === 1, 'it is not let in');
  const client = await redis.client();
  await client.sendCommand(['ACL', 'SETUSER', 'proxy', '>password']);
  await until(() => said(replica, BACK).length === 1, 'it is let in', 20_000);
});
