import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { figure } from '../helpers/figures.ts';
import { startServer } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { rawClient, type RawClient } from '../helpers/raw-client.ts';
import { cpuMs, descriptors, SKIP } from './facts.ts';
import { send } from './traffic.ts';

const LIMIT = 96;
const CLIENTS = 200;
/** Few, but enough for some apps with two connections to the upstream each. */
const LIMIT_FOR_BOTH = 128;
const CLIENTS_ON_BOTH = 60;

t.test(
  'out of file descriptors: served or turned away, never a crash',
  { skip: SKIP },
  async (t) => {
    const { server } = await limited(t, LIMIT);
    t.equal((await send(server.url, { path: '/wxa/order' })).status, 200);
    await until(
      async () => (await send(server.admin, { path: '/healthz' })).status === 200,
      'alive',
    );
    const before = descriptors(server.pid);

    const clients = await connected(t, server.url, CLIENTS);
    const there = (): RawClient[] => clients.filter(({ ending }) => ending === undefined);
    const turnedAway = (): number => clients.length - there().length;
    await until(() => turnedAway() > CLIENTS - LIMIT, 'some are turned away');
    await delay(200);
    t.ok(there().length > 10, `${there().length} are connected`);
    t.ok(
      clients.every(({ unread }) => unread.length === 0),
      'before any byte of an answer',
    );
    const used = descriptors(server.pid);
    t.ok(used < LIMIT, `${used} descriptors`);

    const idleFromMs = cpuMs(server.pid);
    await delay(1000);
    const spentMs = cpuMs(server.pid) - idleFromMs;
    t.ok(spentMs < 200, `it computed for ${spentMs} ms of a second: it does not spin`);

    for (const client of there()) client.request('GET /wxa/order');
    const answers = await Promise.all(there().map((client) => client.answer()));
    const good = answers.filter(({ status }) => status === 200).length;
    t.equal(good, answers.length, 'whoever is connected is served: the upstream has its share');
    t.equal((await send(server.admin, { path: '/healthz' })).status, 200, 'alive');

    const said = server.stdout.split('\n').filter((line) => line.includes('ulimit -n'));
    t.equal(said.length, 1, 'the log says so, once');
    for (const client of clients) client.vanish();
    await until(() => descriptors(server.pid) < before + good + 5, 'they are freed');
    t.equal((await send(server.url, { path: '/wxa/order' })).status, 200, 'and it goes on');
    figure(
      'requests failed among those connected at the limit of descriptors',
      answers.length - good,
      `of ${answers.length}`,
    );
  },
);

t.test(
  'apps that use both lanes in turn find a connection to the upstream for each',
  { skip: SKIP },
  async (t) => {
    const { server, simulator } = await limited(t, LIMIT_FOR_BOTH);
    const all = await connected(t, server.url, CLIENTS_ON_BOTH);
    await until(() => all.some(({ ending }) => ending !== undefined), 'some are turned away');
    await delay(200);
    const clients = all.filter(({ ending }) => ending === undefined);
    t.ok(clients.length > 10, `${clients.length} are connected`);

    // At the third, each app has left an idle connection on either lane.
    for (const path of ['/wxa/order', '/sns/userinfo?access_token=U', '/wxa/order']) {
      simulator.fault({ kind: 'hold', count: clients.length, tokenCalls: false });
      for (const client of clients) client.request(`GET ${path}`);
      const answered = (): number => clients.filter(({ unread }) => unread.length > 0).length;
      await until(() => simulator.state().held + answered() === clients.length, 'all are there');
      simulator.release();
      const answers = await Promise.all(clients.map((client) => client.answer()));
      const bad = answers.filter(({ status }) => status !== 200);
      t.equal(bad.length, 0, `${path}: ${bad[0]?.body.toString()}`);
    }
    const used = descriptors(server.pid);
    t.ok(used > 2 * clients.length && used < LIMIT_FOR_BOTH, `${used} descriptors`);
  },
);

t.test(
  'no descriptor for the upstream is a 502 that says so, and passes',
  { skip: SKIP },
  async (t) => {
    const { server } = await limited(t, LIMIT);
    const clients = await Promise.all(Array.from({ length: 5 }, () => rawClient(t, server.url)));
    const others = await connected(t, server.admin, LIMIT);
    await until(() => others.some(({ ending }) => ending !== undefined), 'all are used up');

    for (const client of clients) client.request('GET /wxa/order');
    const answers = await Promise.all(clients.map((client) => client.answer()));
    for (const { status, values, body } of answers) {
      t.strictSame([status, ...values('x-wxproxy-error')], [502, 'ERR_UPSTREAM_CONNECT']);
      t.match(body.toString(), 'EMFILE');
    }
    for (const other of others) other.vanish();
    await until(() => descriptors(server.pid) < LIMIT / 2, 'they are freed');
    for (const client of clients) client.request('GET /wxa/order');
    const later = await Promise.all(clients.map((client) => client.answer()));
    const good = later.filter(({ status }) => status === 200).length;
    t.equal(good, clients.length, 'the same connections are served');
    figure('requests served as soon as descriptors were free', good, `of ${clients.length}`);
  },
);

/** The program with so many descriptors, ready, and the simulator it has its token from. */
async function limited(t: Test, limit: number) {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const server = await startServer(t, { WXPROXY_UPSTREAM: simulator.url }, limit);
  await until(async () => (await fetch(`${server.admin}/readyz`)).ok, 'ready');
  return { server, simulator };
}

/** One after the other: some may be turned away. */
async function connected(t: Test, url: string, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let n = 0; n < count; n++) clients.push(await rawClient(t, url));
  return clients;
}
