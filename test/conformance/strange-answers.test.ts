import t from 'tap';
import { answerOf } from '../helpers/raw-reply.ts';
import { onEachLane } from './on-each-lane.ts';

for (const [what, answer] of [
  ['early hints first', 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'],
  ['"processing" first', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ['a leave to go on that nobody asked for first', 'HTTP/1.1 100 Continue\r\n\r\n'],
] as const) {
  onEachLane(
    t,
    `of an answer with ${what} the final one reaches the app`,
    { answer: Buffer.concat([Buffer.from(answer), answerOf('final')]) },
    async (t, stage) => {
      const final = await stage.get();
      t.equal(final.status, 200);
      t.equal(final.body.toString(), 'final');
    },
  );
}

for (const [what, fields] of [
  ['a length', 'Content-Length: 5\r\nTrailer: X-Sum\r\n\r\nhello'],
  [
    'chunks but no trailers',
    'Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ],
] as const) {
  onEachLane(
    t,
    `an answer that announces trailers with ${what} arrives`,
    { answer: `HTTP/1.1 200 OK\r\n${fields}` },
    async (t, stage) => {
      for (const round of [1, 2]) {
        const answer = await stage.get();
        t.equal(answer.body.toString(), 'hello', `round ${round}`);
      }
    },
  );
}

for (const [what, answer] of [
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['no status', 'HTTP/1.1 OK\r\n\r\n'],
  ['a status below 100', 'HTTP/1.1 099 Low\r\nContent-Length: 2\r\n\r\nok'],
  [
    'a protocol nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  ],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk'],
  [
    'a length and chunks',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ],
  ['a folded field', 'HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok'],
  ['a NUL in a field', 'HTTP/1.1 200 OK\r\nX-A: 1\0\r\nContent-Length: 2\r\n\r\nok'],
  ['a head beyond all bounds', `HTTP/1.1 200 OK\r\nX-A: ${'x'.repeat(100_000)}\r\n\r\n`],
] as const) {
  onEachLane(
    t,
    `an answer with ${what} is a 502, and the proxy goes on`,
    { answer },
    async (t, stage) => {
      const refused = await stage.get();
      t.equal(refused.status, 502);
      t.strictSame(refused.values('x-wxproxy-error'), ['ERR_UPSTREAM_RESET']);
      t.match(JSON.parse(refused.body.toString()), {
        errcode: -1,
        errmsg: /\(ERR_UPSTREAM_RESET\)$/,
      });
      stage.upstream.answer = answerOf('after');
      t.equal((await stage.get()).body.toString(), 'after');
    },
  );
}

onEachLane(
  t,
  'what follows an answer uninvited is no answer to the next request',
  { answer: Buffer.concat([answerOf('first'), answerOf('smuggled')]) },
  async (t, stage) => {
    t.equal((await stage.get()).body.toString(), 'first');
    stage.upstream.answer = answerOf('second');
    t.equal((await stage.get()).body.toString(), 'second');
  },
);

onEachLane(
  t,
  'an answer that ends with its connection is whole for the app too',
  {
    answer: async (_request, reply) => {
      await reply.send('HTTP/1.0 200 OK\r\nContent-Type: image/png\r\n\r\nuntil the end');
      reply.cut();
    },
  },
  async (t, stage) => {
    const answer = await stage.get();
    t.equal(answer.line, 'HTTP/1.1 200 OK');
    t.equal(answer.body.toString(), 'until the end');
    t.equal(answer.end, 'whole');
    t.equal(stage.client.ending, undefined, 'the connection stays');
  },
);
