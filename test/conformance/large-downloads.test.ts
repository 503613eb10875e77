import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { GROWTH_BYTES, largeBody, MemoryWatch, MIB, SKIP, warmServer } from './large-bodies.ts';
import { LANES } from './on-each-lane.ts';

const HUGE = largeBody(300 * MIB);

for (const lane of LANES) {
  t.test(
    `300 MB arrive at a slow reader bit for bit, and none stay (${lane.name})`,
    { skip: SKIP },
    async (t) => {
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
    },
  );
}
