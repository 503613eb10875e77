import t from 'tap';
import { answerOf } from '../helpers/raw-reply.ts';
import { onEachLane } from './on-each-lane.ts';

const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n';

onEachLane(
  t,
  'a client of HTTP/1.0 gets a chunked answer unchunked, up to the end of its connection',
  { answer: CHUNKED },
  async (t, { client, path, upstream }) => {
    const answer = await client
      .request(`GET ${path} HTTP/1.0`, ['Connection: keep-alive'])
      .answer();
    t.equal(answer.body.toString(), 'hello world');
    t.equal(answer.end, 'closed');
    t.strictSame(answer.values('keep-alive'), []);
    t.match(upstream.requests[0]?.line, / HTTP\/1\.1$/);
  },
);

onEachLane(
  t,
  'a client of HTTP/1.0 may keep its connection where the answer has a length',
  { answer: answerOf('hello') },
  async (t, { client, path }) => {
    for (const round of [1, 2, 3]) {
      client.request(`GET ${path} HTTP/1.0`, ['Connection: keep-alive']);
      const answer = await client.answer();
      t.equal(answer.body.toString(), 'hello', `round ${round}`);
      t.strictSame(answer.values('connection'), ['keep-alive']);
      t.strictSame(answer.values('keep-alive'), ['timeout=65']);
    }
  },
);

onEachLane(
  t,
  'a client of HTTP/1.0 that asks for nothing has its connection closed',
  { answer: answerOf('hello') },
  async (t, { client, path }) => {
    const answer = await client.request(`GET ${path} HTTP/1.0`).answer();
    t.strictSame(answer.values('connection'), ['close']);
    t.equal(await client.ended(), 'closed');
  },
);

onEachLane(
  t,
  'an answer that is cut does not look whole to a client of HTTP/1.0',
  {
    async answer(_request, reply) {
      await reply.send(CHUNKED.slice(0, -20));
      setTimeout(() => reply.cut(), 100);
    },
  },
  async (t, { client, path }) => {
    const answer = await client.request(`GET ${path} HTTP/1.0`).answer();
    t.equal(answer.status, 200);
    t.equal(answer.end, 'cut');
  },
);

onEachLane(
  t,
  'Via names the version in which a request came',
  {},
  async (t, { client, path, upstream }) => {
    await client.request(`GET ${path} HTTP/1.0`).answer();
    t.match(upstream.requests[0]?.values('via')[0], /^1\.0 wxproxy-/);
  },
);
