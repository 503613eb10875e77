import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { until } from '../helpers/proxy.ts';
import type { Answer } from '../helpers/raw-connection.ts';
import { OK } from '../helpers/raw-reply.ts';
import {
  GROWTH_BYTES,
  largeBody,
  MemoryWatch,
  MIB,
  SKIP,
  warmServer,
  write,
} from './large-bodies.ts';
import { LANES, STREAM_LANE } from './on-each-lane.ts';

const HUGE = largeBody(300 * MIB);

for (const lane of LANES) {
  t.test(
    `an upstream is held back where the app does not read (${lane.name})`,
    { skip: SKIP },
    async (t) => {
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
        return sent > 0 && sent === before;
      }, 'the upstream can send no more');
      t.ok(sent < 64 * MIB, `${Math.round(sent / MIB)} MiB were taken, most by the system`);
      const growth = watch.stop();
      t.ok(growth < GROWTH_BYTES, `it grew by ${Math.round(growth / MIB)} MiB`);
      answer.destroy();
      upstream.answer = OK;
    },
  );
}

t.test('an app is held back where the upstream does not read', { skip: SKIP }, async (t) => {
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
