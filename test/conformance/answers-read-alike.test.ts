/** The replay lane reads answers by itself: what it takes, Node's own parser takes as well, for the same. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { parsed, type Parsed } from '../helpers/parsed-answer.ts';
import { Random } from './fuzz-random.ts';

const SEEDS = 1500;

const FRAMES = [
  'Content-Length: 12\r\n\r\nhello, world',
  'Transfer-Encoding: chunked\r\n\r\n6\r\nhello,\r\n6;a=b\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n',
  'Transfer-Encoding: chunked\r\n\r\nc\r\nhello, world\r\n0\r\n\r\n',
  'Connection: close\r\n\r\nhello, world',
  'Content-Length: 0\r\n\r\n',
];
const STARTS = [
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 404 Not Found\r\n',
  'HTTP/1.0 200 OK\r\n',
  'HTTP/1.1 204 No Content\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n',
];
/** What parsers stumble over. */
const CROWBARS = [
  ...'\r\n \t\0:,;01f-+\x7f\xff',
  '\r\n',
  '\r\n\r\n',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Connection: close\r\n',
  ' folded\r\n',
  'HTTP/1.1 200 OK\r\n',
];

/** An answer that has been tampered with, or not. */
function answerOf(random: Random): string {
  let answer = `${random.pick(STARTS)}Server: s\r\n${random.pick(FRAMES)}`;
  for (let times = random.int(3); times > 0; times--) {
    const at = random.int(answer.length + 1);
    const dropped = random.once(2) ? random.int(3) : 0;
    answer = answer.slice(0, at) + random.pick(CROWBARS) + answer.slice(at + dropped);
  }
  return answer;
}

/** @returns how Node's client reads it; undefined: it refuses it */
async function readByNode(
  t: Test,
): Promise<(answer: string) => Promise<Partial<Parsed> | undefined>> {
  let next = '';
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(next, 'latin1'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return (answer) => {
    next = answer;
    return new Promise((resolve) => {
      const request = get({ host: '127.0.0.1', port, agent: false }, (found: IncomingMessage) => {
        let body = '';
        found.setEncoding('latin1');
        found.on('data', (text: string) => (body += text));
        found.on('error', () => resolve(undefined));
        found.on('close', () => {
          if (!found.complete) return resolve(undefined);
          const { statusCode: status, rawHeaders: headers } = found;
          resolve({ status: status as number, headers, body });
        });
      });
      request.on('error', () => resolve(undefined));
      request.on('upgrade', (_found, socket) => {
        socket.destroy();
        resolve(undefined);
      });
    });
  };
}

t.test('tampered answers', async (t) => {
  const byNode = await readByNode(t);
  const taken = { both: 0, node: 0, none: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const answer = answerOf(new Random(seed));
    const { whole, error, status, headers, body, pieces } = parsed(answer, { ends: true });
    // What is behind an answer ends the connection with us, and the answer itself with Node.
    const theirs = await byNode(answer.slice(0, pieces));
    if (!whole || error !== undefined) taken[theirs === undefined ? 'none' : 'node']++;
    else {
      taken.both++;
      if (JSON.stringify(theirs) !== JSON.stringify({ status, headers, body }))
        t.strictSame({ status, headers, body }, theirs, `seed ${seed}: ${JSON.stringify(answer)}`);
    }
  }
  t.comment(taken);
  t.ok(taken.both > SEEDS / 4, 'enough were taken');
  t.ok(taken.none > SEEDS / 4, 'enough were refused');
  // Where its reading is no harm, Node is the more generous one.
  t.ok(taken.node < SEEDS / 10, 'hardly any is refused by us alone');
});
