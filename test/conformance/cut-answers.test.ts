import t from 'tap';
import type { Answer } from '../helpers/raw-connection.ts';
import { answerOf, type Reply } from '../helpers/raw-reply.ts';
import {
  LANES_FOR_BODIES,
  onEachLane,
  REPLAY_LANE,
  stageFor,
  STREAM_LANE,
} from './on-each-lane.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const BODY = 'x'.repeat(20_000);

/** Answers that stop short of what they promised. */
const short: Readonly<Record<string, string>> = {
  'short of its length': `${HEAD}Content-Length: 30000\r\n\r\n${BODY}`,
  'in the middle of a chunk': `${HEAD}Transfer-Encoding: chunked\r\n\r\n8000\r\n${BODY}`,
  'between two chunks': `${HEAD}Transfer-Encoding: chunked\r\n\r\n4E20\r\n${BODY}\r\n`,
  'before its trailers end': `${HEAD}Transfer-Encoding: chunked\r\n\r\n4E20\r\n${BODY}\r\n0\r\nX: 1\r\n`,
};

const ways: Readonly<Record<string, (reply: Reply) => void>> = {
  closes: (reply) => reply.cut(),
  resets: (reply) => reply.reset(),
};

for (const [where, bytes] of Object.entries(short)) {
  for (const [way, end] of Object.entries(ways)) {
    const atTheApp = Promise.withResolvers<void>();
    const answer: Answer = async (request, reply) => {
      await request.whole;
      await reply.send(bytes);
      await atTheApp.promise;
      end(reply);
    };
    onEachLane(
      t,
      `an answer whose upstream ${way} ${where} is cut for the app too`,
      { lanes: LANES_FOR_BODIES, answer },
      async (t, stage) => {
        const { client, lane, proxy } = stage;
        client.request(`POST ${lane.path}`, [`Content-Length: ${lane.body.length}`], lane.body);
        await client.available(BODY.length);
        atTheApp.resolve();
        const cut = await client.answer();
        t.equal(cut.status, 200);
        t.equal(cut.end, 'cut');
        t.ok(BODY.startsWith(cut.body.toString()));
        t.equal(await proxy.metric('upstream_failures_total', { reason: 'reset' }), 1);
        t.equal(await proxy.metric('requests_in_flight'), 0);
      },
    );
  }
}

onEachLane(
  t,
  'an answer cut before its first byte has left for the app is a 502',
  {
    lanes: LANES_FOR_BODIES,
    async answer(request, reply) {
      await request.whole;
      await reply.send(`${HEAD}Content-Length: 5\r\n\r\n`);
      reply.cut();
    },
  },
  async (t, stage) => {
    const answer = await stage.post();
    t.equal(answer.status, 502);
    t.strictSame(answer.values('x-wxproxy-error'), ['ERR_UPSTREAM_RESET']);
  },
);

onEachLane(
  t,
  'an answer that is cut does not take its pipelined neighbours along',
  {
    async answer(request, reply) {
      if (!request.target.includes('cut')) return reply.send(`${HEAD}Content-Length: 2\r\n\r\nok`);
      await reply.send(`${HEAD}Content-Length: 30000\r\n\r\n${BODY}`);
      reply.cut();
    },
  },
  async (t, { client, path, upstream }) => {
    client.request(`GET ${path}?1`).request(`GET ${path}?cut`);
    t.equal((await client.answer()).end, 'whole');
    t.equal((await client.answer()).end, 'cut');
    t.equal(upstream.requests.length, 2);
  },
);

t.test('an answer that is cut while it queues behind another one is cut for the app', async (t) => {
  for (const lane of [STREAM_LANE, REPLAY_LANE]) {
    const { client, upstream } = await stageFor(t, lane);
    const first = Promise.withResolvers<void>();
    upstream.answer = async (request, reply) => {
      if (request.target.includes('n=1')) {
        await first.promise;
        await reply.send(answerOf('first'));
      } else {
        await reply.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n4E20\r\n${BODY}\r\n`);
        reply.cut();
        setTimeout(() => first.resolve(), 200);
      }
    };
    client.request(`GET ${lane.path}?n=1`).request(`GET ${lane.path}?n=2`);
    t.equal((await client.answer()).body.toString(), 'first', `${lane.path}: whole`);
    t.ok(['closed', 'reset'].includes(await client.ended()), 'and the connection ends behind it');
  }
});
