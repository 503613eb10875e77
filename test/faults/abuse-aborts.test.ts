import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { startReplica, type Replica } from '../helpers/fleet.ts';
import { figure } from '../helpers/figures.ts';
import { sumOf, until } from '../helpers/proxy.ts';
import { type RawUpstream, startRawUpstream } from '../helpers/raw-upstream.ts';
import { descriptors, MIB, SKIP } from './facts.ts';
import { Random } from '../conformance/fuzz-random.ts';
import { collect, preloading } from './preload.ts';
import { send } from './traffic.ts';

const CLIENTS = 5000;
const AT_ONCE = 100;
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** Where a run leaks a socket or a buffer with each client, it is far beyond this. */
const GROWTH_BYTES = 8 * MIB;

/** So often in a row nothing is in flight: connections may be accepted and not read yet. */
const LOOKS = 20;

/** Larger than is held here: streamed. */
const LARGE_BYTES = 60_000;
const ANSWER_BYTES = 100_000;

t.test(`5,000 clients abort at random moments (SEED=${SEED})`, { skip: SKIP }, async (t) => {
  const random = new Random(SEED);
  const upstream = await startRawUpstream(t, (request, reply) => answer(request.target, reply));
  const server = await startReplica(t, {
    WXPROXY_UPSTREAM: upstream.url,
    WXPROXY_REPLAY_BODY_LIMIT: '4KiB',
    ...preloading('collected.ts'),
  });
  await until(async () => (await fetch(`${server.admin}/readyz`)).ok, 'ready');

  await round(server, random, CLIENTS / 4);
  await allOver(server, upstream);
  const before = { bytes: await keptBytes(server), descriptors: descriptors(server.pid) };
  const abortsBefore = await server.metric('client_aborts_total');

  await round(server, random, CLIENTS);
  const overMs = await allOver(server, upstream);
  t.equal(await server.metric('requests_in_flight'), 0);
  const openUpstream = upstream.connections.filter(isRunning).length;
  t.equal(openUpstream, 0, 'no upstream request was left running');
  const aborts = (await server.metric('client_aborts_total')) - abortsBefore;
  t.ok(aborts > CLIENTS / 10, `${aborts} aborts were counted`);
  // Connections to the upstream that are kept for the next request.
  const more = descriptors(server.pid) - before.descriptors;
  t.ok(Math.abs(more) < 100, `${more} descriptors more than before`);
  const grown = (await keptBytes(server)) - before.bytes;
  t.ok(grown < GROWTH_BYTES, `${(grown / MIB).toFixed(1)} MiB more than before`);
  t.equal(server.stderr, '');
  t.equal((await send(server.url, { path: '/wxa/good' })).status, 200, 'and it serves');
  t.comment(`all was over ${Math.round(overMs)} ms after the last one`);
  figure('upstream requests left running by 5,000 aborts', openUpstream, `of ${CLIENTS}`);
  figure('memory after 5,000 aborts', grown / MIB, 'MiB more');
  figure('descriptors after 5,000 aborts', more, 'more');
});

type Reply = { send(bytes: string | Uint8Array): Promise<void>; readonly socket: Socket };

/** A third never answer, a third answer a part, the rest all at once. */
async function answer(target: string, reply: Reply): Promise<void> {
  if (target.includes('/hang')) return gone(reply);
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${ANSWER_BYTES}\r\n\r\n`;
  await reply.send(head);
  if (!target.includes('/part')) return reply.send(Buffer.alloc(ANSWER_BYTES, 'x'));
  await reply.send(Buffer.alloc(ANSWER_BYTES / 2, 'x'));
  return gone(reply);
}

function gone({ socket }: Reply): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** Each connects, sends as much as chance has it, perhaps reads, and goes, in one of two ways. */
async function round({ url }: Replica, random: Random, clients: number): Promise<void> {
  const { hostname, port } = new URL(url);
  let left = clients;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on('error', () => {});
      socket.resume();
      const path = random.pick(['/wxa/hang', '/wxa/part', '/wxa/whole']);
      const bytes = random.pick([0, 1000, LARGE_BYTES]);
      const request = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`;
      const waitMs = random.int(80);
      switch (random.int(6)) {
        case 0: // while connecting
          break;
        case 1: // in the head
          socket.write(request.slice(0, random.int(60)));
          await delay(waitMs);
          break;
        case 2: // in the body
          socket.write(request.slice(0, request.length - random.int(bytes + 1)));
          await delay(waitMs);
          break;
        case 3: // at once behind the request
          socket.write(request);
          break;
        case 4: // while it does not read
          socket.pause();
          socket.write(request);
          await delay(waitMs);
          break;
        default: // while it waits or reads
          socket.write(request);
          await delay(waitMs);
      }
      if (random.once(2)) socket.destroy();
      else socket.resetAndDestroy();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** A connection whose last request has no whole answer, and that is still open. */
function isRunning({ closed, requests, socket }: RawUpstream['connections'][number]): boolean {
  const last = requests.at(-1);
  return (
    !closed && last !== undefined && (!last.target.includes('/whole') || socket.writableLength > 0)
  );
}

/** Bytes that are still held when all garbage is gone. */
async function keptBytes(server: Replica): Promise<number> {
  await collect(server.pid);
  const text = await (await fetch(`${server.admin}/metrics`)).text();
  return (
    sumOf(text, 'nodejs_heap_size_used_bytes', {}) + sumOf(text, 'nodejs_external_memory_bytes', {})
  );
}

/** @returns ms until nothing is in flight any more, here and there */
async function allOver(server: Replica, upstream: RawUpstream): Promise<number> {
  const startedMs = performance.now();
  // Connections are accepted in turn: those of the clients that are gone come before this one.
  await send(server.url, { path: '/wxa/whole' });
  let quiet = 0;
  await until(
    async () => {
      const running = upstream.connections.filter(isRunning).length;
      quiet = running + (await server.metric('requests_in_flight')) === 0 ? quiet + 1 : 0;
      return quiet === LOOKS;
    },
    'nothing is in flight',
    40_000,
  );
  return performance.now() - startedMs;
}
