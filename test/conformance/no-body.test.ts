import t from 'tap';
import { answerOf } from '../helpers/raw-reply.ts';
import { onEachLane } from './on-each-lane.ts';

onEachLane(
  t,
  'an answer to HEAD keeps its Content-Length and has no body',
  { answer: 'HTTP/1.1 200 OK\r\nContent-Length: 4711\r\nContent-Type: image/jpeg\r\n\r\n' },
  async (t, stage) => {
    const { client, path, upstream } = stage;
    const answer = await client.request(`HEAD ${path}`).answer('HEAD');
    t.equal(answer.status, 200);
    t.strictSame(answer.values('content-length'), ['4711']);
    t.strictSame(answer.values('content-type'), ['image/jpeg']);
    upstream.answer = answerOf('after');
    t.equal((await stage.get()).body.toString(), 'after', 'the connection goes on');
    t.equal(upstream.requests[0]?.method, 'HEAD');
    t.strictSame(upstream.requests[0]?.values('content-length'), []);
  },
);

onEachLane(
  t,
  'an answer to HEAD without a length is passed on without one',
  { answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n' },
  async (t, stage) => {
    const answer = await stage.client.request(`HEAD ${stage.path}`).answer('HEAD');
    t.equal(answer.status, 200);
    t.strictSame(answer.values('content-length'), []);
    stage.upstream.answer = answerOf('after');
    t.equal((await stage.get()).body.toString(), 'after');
  },
);

for (const head of [
  'HTTP/1.1 204 No Content\r\n',
  'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 4711\r\n',
]) {
  onEachLane(
    t,
    `${JSON.stringify(head)} has no body and ends at once`,
    { answer: `${head}\r\n` },
    async (t, stage) => {
      const answer = await stage.get();
      t.equal(answer.line, head.split('\r\n')[0]);
      t.strictSame(answer.values('content-length'), head.includes('4711') ? ['4711'] : []);
      t.strictSame(answer.values('transfer-encoding'), []);
      stage.upstream.answer = answerOf('after');
      t.equal((await stage.get()).body.toString(), 'after');
    },
  );
}

onEachLane(
  t,
  'an empty 200 stays empty',
  { answer: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
  async (t, stage) => {
    const answer = await stage.get();
    t.strictSame(answer.values('content-length'), ['0']);
    t.equal(answer.body.length, 0);
    t.equal((await stage.get()).status, 200);
  },
);

onEachLane(
  t,
  "WeChat's empty 412 reaches the app",
  { answer: 'HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n' },
  async (t, stage) => {
    t.equal((await stage.post()).status, 412);
  },
);
