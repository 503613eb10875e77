import t from 'tap';
import { onEachLane } from './on-each-lane.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n';
const BODY = '5\r\nhello\r\n0\r\n';
const TRAILERS = 'X-Sum: 2cf24d\r\nx-Name: caf\xe9\r\n';

onEachLane(
  t,
  'trailers of an answer reach the app',
  { answer: `${HEAD}${BODY}${TRAILERS}\r\n` },
  async (t, stage) => {
    const answer = await stage.get();
    t.equal(answer.body.toString(), 'hello');
    t.strictSame(answer.values('trailer'), ['X-Sum']);
    t.strictSame(answer.trailers, [
      ['X-Sum', '2cf24d'],
      ['x-Name', 'caf\xe9'],
    ]);
    t.equal((await stage.get()).trailers.length, 2, 'again, on the same connection');
  },
);

onEachLane(
  t,
  'trailers that come long after the body reach the app',
  {
    async answer(_request, reply) {
      await reply.send(`${HEAD}5\r\nhello\r\n`);
      await reply.trickle(`0\r\n${TRAILERS}\r\n`);
    },
  },
  async (t, stage) => {
    t.equal((await stage.get()).trailers.length, 2);
  },
);

onEachLane(
  t,
  'a client of HTTP/1.0 gets the body without trailers',
  { answer: `${HEAD}${BODY}${TRAILERS}\r\n` },
  async (t, { client, path }) => {
    const answer = await client.request(`GET ${path} HTTP/1.0`).answer();
    t.equal(answer.body.toString(), 'hello');
    t.strictSame(answer.values('trailer'), []);
    t.strictSame(answer.values('transfer-encoding'), []);
    t.equal(answer.end, 'closed');
  },
);

onEachLane(
  t,
  'trailers of a request end here: its body gets a length',
  {},
  async (t, { client, path, upstream }) => {
    const fields = ['Transfer-Encoding: chunked', 'Trailer: X-Sum'];
    client.request(`POST ${path}`, fields, '5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n');
    t.equal((await client.answer()).status, 200);
    const [request] = upstream.requests;
    t.strictSame(request?.values('content-length'), ['5']);
    t.strictSame(request?.values('trailer'), []);
    t.strictSame(request?.values('x-sum'), []);
    t.equal((await request?.whole)?.toString(), 'hello');
  },
);
