import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import t from 'tap';
import {
  GROWTH_BYTES,
  largeBody,
  MemoryWatch,
  MIB,
  SKIP,
  warmServer,
  write,
} from './large-bodies.ts';
import { LARGE_BODIES, STREAM_LANE } from './on-each-lane.ts';

const HUGE = largeBody(300 * MIB);

for (const lane of [STREAM_LANE, LARGE_BODIES]) {
  t.test(
    `300 MB arrive at the upstream bit for bit, and none stay (${lane.name})`,
    { skip: SKIP },
    async (t) => {
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
    },
  );
}
