import { Agent } from 'node:http';
import { setInterval as ticks } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startReplica, type Replica } from '../helpers/fleet.ts';
import { figure } from '../helpers/figures.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { until } from '../helpers/proxy.ts';
import { rawClient, type RawClient } from '../helpers/raw-client.ts';
import { descriptors, SKIP } from './facts.ts';
import { failures, Traffic } from './traffic.ts';

const ATTACKERS = 300;
/** A head has 15 s, from its first byte. */
const HEAD_MS = 15_000;
const SLACK_MS = 4000;

t.jobs = 2;

t.test(
  'slow-loris: dripping heads end after 15 s, others are served',
  { skip: SKIP },
  async (t) => {
    const server = await start(t);
    const before = descriptors(server.pid);
    const traffic = others(t, server);
    const startedMs = performance.now();
    const attackers = await connected(t, server, 'GET /wxa/order HTTP/1.1\r\nHost: localhost\r\n');
    await drip(attackers, 'X-Slow: 1\r\n', startedMs + HEAD_MS + SLACK_MS);
    const tookMs = performance.now() - startedMs;
    const ended = attackers.filter(({ ending }) => ending !== undefined);
    t.equal(ended.length, ATTACKERS, `all are gone after ${Math.round(tookMs)} ms`);
    const refused = ended.filter(({ unread }) => unread.includes(' 408 ') || unread.length === 0);
    t.equal(refused.length, ATTACKERS);
    const sent = await traffic.stop();
    t.strictSame(failures(sent), []);
    const slowestMs = Math.max(...sent.map((one) => one.tookMs));
    t.ok(slowestMs < 5000, `the slowest of ${sent.length} others took ${Math.round(slowestMs)} ms`);
    await until(() => descriptors(server.pid) < before + 30, 'descriptors are back');
    t.equal(await server.metric('requests_in_flight'), 0);
    figure('dripping heads that ended in time', ended.length, `of ${ATTACKERS}`);
    figure('slowest answer to others during a slow-loris', slowestMs, 'ms');
  },
);

t.test(
  'slow-loris: bodies that stop are refused, those that drip hold up nobody',
  { skip: SKIP },
  async (t) => {
    const server = await start(t, {
      WXPROXY_IDLE_TIMEOUT: '2s',
      WXPROXY_REPLAY_BODY_LIMIT: '64KiB',
      WXPROXY_REPLAY_MEMORY_LIMIT: '1MiB',
    });
    const before = descriptors(server.pid);
    const traffic = others(t, server);
    const upload = (bytes: number): string =>
      `POST /wxa/order HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n\r\n`;
    const startedMs = performance.now();
    // Together they announce far more than may be held; the large ones are streamed anyhow.
    const silent = await connected(t, server, upload(50_000));
    const dripping = [
      ...(await connected(t, server, upload(20))),
      ...(await connected(t, server, upload(2_000_000))),
    ];
    await drip(dripping, 'x', startedMs + 6000);
    t.ok(
      silent.every(({ unread }) => unread.includes(' 408 ')),
      'silence ends with 408',
    );
    t.strictSame(failures(traffic.sent), [], 'others are served all the time');
    for (const attacker of dripping) attacker.vanish();
    const sent = await traffic.stop();
    t.strictSame(failures(sent), []);
    await until(() => descriptors(server.pid) < before + 50, 'descriptors are back');
    await until(async () => (await server.metric('requests_in_flight')) === 0, 'nothing is left');
    figure(
      'requests of others failed during dripping bodies',
      failures(sent).length,
      `of ${sent.length}`,
    );
  },
);

async function start(t: Test, env: Readonly<Record<string, string>> = {}): Promise<Replica> {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const server = await startReplica(t, { WXPROXY_UPSTREAM: simulator.url, ...env });
  await until(async () => (await fetch(`${server.admin}/readyz`)).ok, 'ready');
  return server;
}

/** Well-behaved apps. */
function others(t: Test, { url }: Replica): Traffic {
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const next = (app: number) =>
    app % 2 === 0
      ? { path: '/wxa/order' }
      : { method: 'POST', path: '/wxa/order', body: 'x'.repeat(2048) };
  return new Traffic(url, { apps: 8, pauseMs: 20, next }, agent);
}

async function connected(t: Test, { url }: Replica, begin: string): Promise<RawClient[]> {
  const attackers = await Promise.all(Array.from({ length: ATTACKERS }, () => rawClient(t, url)));
  for (const attacker of attackers) attacker.send(begin);
  return attackers;
}

/** A little of it every half a second, until all are gone or it is late. */
async function drip(attackers: readonly RawClient[], piece: string, untilMs: number) {
  for await (const _ of ticks(500)) {
    const there = attackers.filter(({ ending }) => ending === undefined);
    if (there.length === 0 || performance.now() > untilMs) return;
    for (const attacker of there) attacker.send(piece);
  }
}
