import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startServer, type ServerProcess } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { OK, startRawUpstream, type Answer, type RawUpstream } from '../helpers/raw-upstream.ts';
import { largeBody, MemoryWatch } from './large-bodies.ts';
import { LANES, LARGE_BODIES, STREAM_LANE } from './on-each-lane.ts';

const MIB = 1024 * 1024;
const GROWTH_BYTES = 60_000_000;
const HUGE = largeBody(300 * MIB);

if (process.platform !== 'linux') {
  t.pass('memory is read from /proc', { skip: 'this system has none' });
  process.exit();
}

/** A proxy in a process of its own, warmed up: what it takes to work at all is no growth. */
async function warmServer(t: Test): Promise<{ server: ServerProcess; upstream: RawUpstream }> {
  const upstream = await startRawUpstream(t);
  const server = await startServer(t, {
    WXPROXY_UPSTREAM: upstream.url,
    WXPROXY_REPLAY_BODY_LIMIT: '1KiB',
  });
  await until(async () => (await fetch(`${server.admin}/readyz`)).ok, 'the program is ready');
  for (let i = 0; i < 50; i++) {
    for (const { path } of LANES) {
      const answer = await fetch(server.url + path, { method: 'POST', body: 'x'.repeat(i * 100) });
      await answer.arrayBuffer();
    }
  }
  return { server, upstream };
}

for (const lane of [STREAM_LANE, LARGE_BODIES]) {
  t.test(`300 MB arrive at the upstream bit for bit, and none stay (${lane.name})`, async (t) => {
    const { server, upstream } = await warmServer(t);
    const watch = new MemoryWatch(server.pid);
    const upload = request(server.url + lane.path, {
      method: 'POST',
      headers: { 'content-length': HUGE.bytes },
    });
    const answered = once(upload, 'response') as Promise<[IncomingMessage]>;
    await write(upload, HUGE.blocks());
    const [answer] = await answered;
    answer.resume();
    const growth = watch.stop();
    t.equal(answer.statusCode, 200);
    const received = upstream.requests.at(-1);
    t.equal(received?.bodyBytes, HUGE.bytes);
    t.equal(await received?.sha256(), HUGE.sha256);
    t.ok(growth < GROWTH_BYTES, `it grew by ${Math.round(growth / MIB)} MiB`);
  });
}

for (const lane of LANES) {
  t.test(`300 MB arrive at a slow reader bit for bit, and none stay (${lane.name})`, async (t) => {
    const { server, upstream } = await warmServer(t);
    upstream.answer = async (_request, reply) => {
      await reply.send(`HTTP/1.1 200 OK\r\nContent-Length: ${HUGE.bytes}\r\n\r\n`);
      for (const block of HUGE.blocks()) await reply.send(block);
    };
    const watch = new MemoryWatch(server.pid);
    const [answer] = (await once(request(server.url + lane.path).end(), 'response')) as [
      IncomingMessage,
    ];
    await delay(500);
    const hash = createHash('sha256');
    let read = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      hash.update(chunk);
      const before = read;
      read += chunk.length;
      if (Math.floor(read / (6 * MIB)) > Math.floor(before / (6 * MIB))) await delay(20);
    }
    const growth = watch.stop();
    t.equal(read, HUGE.bytes);
    t.equal(hash.digest('hex'), HUGE.sha256);
    t.ok(growth < GROWTH_BYTES, `it grew by ${Math.round(growth / MIB)} MiB`);
  });

  t.test(`an upstream is held back where the app does not read (${lane.name})`, async (t) => {
    const { server, upstream } = await warmServer(t);
    let sent = 0;
    const endless: Answer = async (_request, reply) => {
      await reply.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = Buffer.from(`40000\r\n${'x'.repeat(0x40000)}\r\n`);
      while (!reply.socket.destroyed) {
        await reply.send(chunk);
        sent += chunk.length;
      }
    };
    upstream.answer = endless;
    const watch = new MemoryWatch(server.pid);
    const download = request(server.url + lane.path).end();
    const [answer] = (await once(download, 'response')) as [IncomingMessage];
    answer.pause();
    let before = -1;
    await until(async () => {
      before = sent;
      await delay(300);
      return sent === before;
    }, 'the upstream can send no more');
    t.ok(sent < 64 * MIB, `${Math.round(sent / MIB)} MiB were taken, most by the system`);
    const growth = watch.stop();
    t.ok(growth < GROWTH_BYTES, `it grew by ${Math.round(growth / MIB)} MiB`);
    answer.destroy();
    upstream.answer = OK;
  });
}

t.test('an app is held back where the upstream does not read', async (t) => {
  const { server, upstream } = await warmServer(t);
  upstream.answer = (_request, reply) => {
    reply.stopReading();
    return new Promise(() => {});
  };
  const watch = new MemoryWatch(server.pid);
  const upload = request(server.url + STREAM_LANE.path, {
    method: 'POST',
    headers: { 'content-length': HUGE.bytes },
  });
  upload.on('error', () => {});
  let sent = 0;
  write(upload, HUGE.blocks(), (bytes) => (sent += bytes)).catch(() => {});
  let before = -1;
  await until(async () => {
    before = sent;
    await delay(300);
    return sent > 0 && sent === before;
  }, 'the app can send no more');
  t.ok(sent < 64 * MIB, `${Math.round(sent / MIB)} MiB were taken, most by the system`);
  const growth = watch.stop();
  t.ok(growth < GROWTH_BYTES, `it grew by ${Math.round(growth / MIB)} MiB`);
  upload.destroy();
});

async function write(
  upload: ClientRequest,
  blocks: Iterable<Buffer>,
  sent: (bytes: number) => void = () => {},
): Promise<void> {
  for (const block of blocks) {
    if (!upload.write(block)) await once(upload, 'drain');
    sent(block.length);
  }
  upload.end();
}
