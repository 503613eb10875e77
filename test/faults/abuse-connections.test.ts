import { Agent } from 'node:http';
import t from 'tap';
import { startReplica } from '../helpers/fleet.ts';
import { figure } from '../helpers/figures.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { until } from '../helpers/proxy.ts';
import { descriptors, KIB, mostDescriptors, residentBytes, SKIP } from './facts.ts';
import { collect, preloading } from './preload.ts';
import { failures, send, tally, type Outgoing } from './traffic.ts';

const IDLE = 2000;
const BUSY = 2000;
/** An idle connection is a socket, a parser and their buffers. */
const IDLE_BYTES = 64 * KIB;
const skip = SKIP || (mostDescriptors() < 10_000 && 'too few files may be open here');

t.test('2,000 idle and 2,000 busy connections at the same time', { skip }, async (t) => {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  // All busy ones are busy at the upstream as well.
  const server = await startReplica(t, {
    WXPROXY_UPSTREAM: simulator.url,
    WXPROXY_MAX_CONNECTIONS: '3000',
    WXPROXY_REPLAY_BODY_LIMIT: '1KiB',
    ...preloading('collected.ts'),
  });
  await until(async () => (await fetch(`${server.admin}/readyz`)).ok, 'ready');
  const idle = new Agent({ keepAlive: true, maxFreeSockets: IDLE });
  t.teardown(() => idle.destroy());
  for (let n = 0; n < 500; n++) await send(server.url, { path: '/wxa/order', agent: idle });

  await collect(server.pid);
  const restBytes = residentBytes(server.pid);
  const restDescriptors = descriptors(server.pid);
  const opened = await Promise.all(
    Array.from({ length: IDLE }, () => send(server.url, { path: '/wxa/order', agent: idle })),
  );
  t.strictSame(failures(opened), []);
  await collect(server.pid);
  const perConnection = (residentBytes(server.pid) - restBytes) / IDLE;
  t.ok(descriptors(server.pid) >= restDescriptors + IDLE - 1, 'they are all open');
  t.ok(perConnection < IDLE_BYTES, `${Math.round(perConnection / KIB)} KiB for each idle one`);
  figure('memory of an idle connection', perConnection / KIB, 'KiB');

  simulator.fault({ kind: 'hold', path: '/wxa/slow', count: 'forever' });
  const busy = new Agent({ maxSockets: Infinity });
  const startedMs = performance.now();
  const answers = Promise.all(
    Array.from({ length: BUSY }, (_, app) =>
      send(server.url, { ...busyRequest(app), agent: busy }),
    ),
  );
  await until(() => simulator.state().held === BUSY, 'all are under way', 30_000);
  t.equal(await server.metric('requests_in_flight'), BUSY);
  await collect(server.pid);
  const busyBytes = (residentBytes(server.pid) - restBytes) / (IDLE + BUSY);
  t.equal(
    (await send(server.url, { path: '/wxa/order', agent: idle })).status,
    200,
    'still served',
  );
  simulator.release();
  const sent = await answers;
  t.strictSame(failures(sent), []);
  const { whole } = tally(sent);
  t.equal(whole, BUSY);
  figure('busy connections answered beside 2,000 idle ones', whole, `of ${BUSY}`);
  figure('memory of a connection, half of them busy', busyBytes / KIB, 'KiB');
  t.comment(
    `${Math.round(performance.now() - startedMs)} ms, ${Math.round(busyBytes / KIB)} KiB each`,
  );

  t.strictSame(
    failures(
      await Promise.all(
        Array.from({ length: IDLE }, () => send(server.url, { path: '/wxa/order', agent: idle })),
      ),
    ),
    [],
    'the idle ones are as good as before',
  );
  idle.destroy();
  await until(
    () => descriptors(server.pid) < restDescriptors + BUSY + 100,
    'they are given back',
    20_000,
  );
  t.equal(await server.metric('requests_in_flight'), 0);
});

/** A fifth of them streamed. */
function busyRequest(app: number): Outgoing {
  if (app % 5 > 1) return { path: '/wxa/slow' };
  return { method: 'POST', path: '/wxa/slow', body: 'x'.repeat(app % 5 === 0 ? 5000 : 500) };
}
