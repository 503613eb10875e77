import t from 'tap';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../helpers/raw-connection.ts';
import { answerOf } from '../helpers/raw-reply.ts';
import { LARGE_BODIES, onEachLane, STREAM_LANE } from './on-each-lane.ts';

const EARLY = answerOf('{"errcode":45001,"errmsg":"too large"}', ['X-Early: yes']);
const BODY_BYTES = 4 * 1024 * 1024;
const half = Buffer.alloc(BODY_BYTES / 2, 'h');

/** What an upstream may do that has made up its mind. */
const manners: Readonly<Record<string, Answer>> = {
  'goes on reading': async (_request, reply) => reply.send(EARLY),
  'stops reading': async (_request, reply) => {
    reply.stopReading();
    await reply.send(EARLY);
  },
  'closes its side': async (_request, reply) => {
    await reply.send(EARLY);
    reply.cut();
  },
};

for (const [manner, answer] of Object.entries(manners)) {
  onEachLane(
    t,
    `an answer that comes before the upload is done arrives whole where the upstream ${manner}`,
    { lanes: [STREAM_LANE, LARGE_BODIES], answer },
    async (t, { client, lane, upstream, proxy }) => {
      client.request(`POST ${lane.path}`, [`Content-Length: ${BODY_BYTES}`], half);
      const early = await client.answer();
      t.equal(early.status, 200);
      t.strictSame(early.values('x-early'), ['yes']);
      t.match(early.body.toString(), /45001/);
      upstream.answer = answerOf('after');
      client.send(half);
      client.request(`GET ${lane.path}`);
      await client.available(1);
      if (client.ending === undefined) {
        t.equal((await client.answer()).body.toString(), 'after', 'the connection is usable');
      }
      t.equal(await proxy.metric('requests_in_flight'), 0);
    },
  );
}

onEachLane(
  t,
  'an answer to an upload may begin early and go on until the upload is done',
  {
    lanes: [STREAM_LANE, LARGE_BODIES],
    async answer(request, reply) {
      await reply.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n');
      await request.whole;
      await reply.send('4\r\nlate\r\n0\r\n\r\n');
    },
  },
  async (t, { client, lane, upstream }) => {
    client.request(`POST ${lane.path}`, [`Content-Length: ${BODY_BYTES}`], half);
    t.equal((await client.head()).status, 200);
    await client.available('5\r\nearly\r\n'.length);
    t.equal(client.take(10).toString(), '5\r\nearly\r\n');
    client.send(half);
    await client.available('4\r\nlate\r\n0\r\n\r\n'.length);
    t.equal(client.unread.toString(), '4\r\nlate\r\n0\r\n\r\n');
    t.equal(upstream.requests[0]?.bodyBytes, BODY_BYTES);
  },
);

onEachLane(
  t,
  'an answer that comes before a held body is sent arrives whole',
  {
    env: { WXPROXY_REPLAY_BODY_LIMIT: '32MiB' },
    async answer(_request, reply) {
      reply.stopReading();
      await reply.send(EARLY);
    },
  },
  async (t, stage) => {
    // More than the system takes off the proxy's hands.
    const early = await stage.post(Buffer.alloc(32 * 1024 * 1024, 'h'));
    t.match(early.body.toString(), /45001/);
    stage.upstream.answer = answerOf('after');
    t.equal((await stage.get()).body.toString(), 'after', 'the connection is usable');
  },
);

onEachLane(
  t,
  'a refusal arrives whole while the upload goes on',
  { lanes: [STREAM_LANE], env: { WXPROXY_DENY_PATHS: STREAM_LANE.path } },
  async (t, { client, path }) => {
    client.request(`POST ${path}`, [`Content-Length: ${BODY_BYTES}`], half);
    await delay(50);
    client.send(half);
    const answer = await client.answer();
    t.equal(answer.status, 403);
    t.equal(answer.end, 'whole');
  },
);
