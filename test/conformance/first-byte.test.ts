import t from 'tap';
import { gzipSync } from 'node:zlib';
import { LANES_FOR_BODIES, onEachLane } from './on-each-lane.ts';

/** What has begun to arrive, and is followed by nothing until the app has it. */
const beginnings: Readonly<Record<string, { encoding?: string; bytes: Buffer }>> = {
  'an image': { bytes: Buffer.from([0xff, 0xd8, 0xff, 0xe0]) },
  'binary that begins with {': { bytes: Buffer.from('{\x01\x02\x03') },
  'binary that begins with white space': { bytes: Buffer.from(' \n\x00') },
  'binary that begins like a BOM': { bytes: Buffer.from([0xef, 0xbb, 0x01]) },
  'JSON with a nested errcode': { bytes: Buffer.from('{"list":[{"errcode":40001},') },
  'JSON with a nested value': { bytes: Buffer.from('{"template":{"x":1},"y":') },
  'a JSON array': { bytes: Buffer.from('[{"errcode":40001}') },
  'JSON of success': { bytes: Buffer.from('{"errcode":0,"data":[') },
  'a long JSON string': { bytes: Buffer.from(`{"text":"${'x'.repeat(5000)}`) },
  'gzip of binary': { encoding: 'gzip', bytes: gzipSync(Buffer.alloc(100, 1)).subarray(0, -4) },
  'an unknown encoding': { encoding: 'zstd', bytes: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
};

for (const [what, { encoding, bytes }] of Object.entries(beginnings)) {
  onEachLane(
    t,
    `the first byte of ${what} reaches the app before the upstream has finished`,
    { lanes: LANES_FOR_BODIES },
    async (t, { client, lane, upstream }) => {
      const atTheApp = Promise.withResolvers<void>();
      upstream.answer = async (request, reply) => {
        await request.whole;
        const fields = encoding === undefined ? '' : `Content-Encoding: ${encoding}\r\n`;
        const length = bytes.length + 4;
        await reply.send(`HTTP/1.1 200 OK\r\n${fields}Content-Length: ${length}\r\n\r\n`);
        await reply.send(bytes);
        await atTheApp.promise;
        await reply.send('rest');
      };
      client.request(`POST ${lane.path}`, [`Content-Length: ${lane.body.length}`], lane.body);
      await client.head();
      await client.available(bytes.length);
      t.ok(client.take(bytes.length).equals(bytes));
      atTheApp.resolve();
      await client.available(4);
      t.equal(client.take(4).toString(), 'rest');
    },
  );
}
