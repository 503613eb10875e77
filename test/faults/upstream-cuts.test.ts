import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { allReady, startReplica } from '../helpers/fleet.ts';
import { figure } from '../helpers/figures.ts';
import { rawClient } from '../helpers/raw-client.ts';
import { OK, type Reply } from '../helpers/raw-reply.ts';
import { askTogether, failureOf, faultStage, idOf, LANES_FOR_BODIES, tally } from './stage.ts';
import type { Timed } from './stage.ts';

const COUNT = 30;
const lanes = LANES_FOR_BODIES;
const withoutBody = lanes.slice(0, 2);

const ENDS: Readonly<Record<string, (reply: Reply) => void>> = {
  reset: (reply) => reply.reset(),
  cut: (reply) => reply.cut(),
};

t.test('a connection that ends before any answer is a clear 502, sent once', async (t) => {
  const stage = await faultStage(t);
  const { server, upstream } = stage;
  const failed: Timed[] = [];
  const before = upstream.requests.length;
  for (const end of Object.values(ENDS)) {
    upstream.answer = async (request, reply) => {
      await request.whole;
      end(reply);
    };
    failed.push(
      ...(await askTogether(t, stage, { method: 'GET', lanes: withoutBody, count: COUNT })),
      ...(await askTogether(t, stage, { method: 'POST', lanes, count: COUNT })),
    );
  }
  t.strictSame(tally(failed.map(({ answer }) => failureOf(answer))), {
    '502 ERR_UPSTREAM_RESET': failed.length,
  });
  t.ok(
    failed.every(({ answer }) => answer.body.includes('may have been carried out')),
    'the app is told what it has to reckon with',
  );
  const again = upstream.requests.length - before - failed.length;
  t.equal(again, 0, 'none was sent twice');
  t.equal(await server.metric('requests_in_flight'), 0);
  upstream.answer = OK;
  const [good] = await askTogether(t, stage, { method: 'POST', lanes, count: 1 });
  t.equal(good?.answer.status, 200);
  figure('requests sent a second time after a reset', again, `of ${failed.length}`);
});

t.test('an answer that ends too soon never looks whole', async (t) => {
  const stage = await faultStage(t);
  const { server, upstream } = stage;
  const text = 'x'.repeat(20_000);
  const shorts = [
    `Content-Length: 30000\r\n\r\n${text}`,
    `Transfer-Encoding: chunked\r\n\r\n4E20\r\n${text}\r\n`,
    'Content-Length: 30000\r\n\r\n',
  ];
  const cut: Timed[] = [];
  for (const short of shorts) {
    for (const end of Object.values(ENDS)) {
      upstream.answer = async (request, reply) => {
        await request.whole;
        await reply.send(`HTTP/1.1 200 OK\r\n${short}`);
        // A reset at once may overtake what was sent before it.
        setTimeout(() => end(reply), 20);
      };
      cut.push(...(await askTogether(t, stage, { method: 'POST', lanes, count: COUNT / 3 })));
    }
  }
  const whole = cut.filter(({ answer }) => answer.status === 200 && answer.end === 'whole');
  t.equal(whole.length, 0);
  const others = cut.filter(({ answer }) => answer.status !== 200);
  t.strictSame(
    tally(others.map(({ answer }) => failureOf(answer))),
    { '502 ERR_UPSTREAM_RESET': others.length },
    'what was cut before the app had any of it',
  );
  const ids = tally(upstream.requests.map(idOf));
  t.ok(
    Object.values(ids).every((times) => times === 2 * shorts.length),
    'each was sent once',
  );
  t.equal(await server.metric('requests_in_flight'), 0);
  figure('cut answers that looked whole', whole.length, `of ${cut.length}`);
});

t.test(
  'an upstream that refuses connections is a 502 that says so, until it is back',
  async (t) => {
    const simulator = await startSimulator();
    t.teardown(() => simulator.stop());
    const server = await startReplica(t, {
      WXPROXY_UPSTREAM: simulator.url,
      WXPROXY_REPLAY_BODY_LIMIT: '1KiB',
    });
    await allReady([server]);
    await simulator.stop();
    const stage = { server };
    const refused = [
      ...(await askTogether(t, stage, { method: 'GET', lanes: withoutBody, count: COUNT })),
      ...(await askTogether(t, stage, { method: 'POST', lanes, count: COUNT })),
    ];
    t.strictSame(tally(refused.map(({ answer }) => failureOf(answer))), {
      '502 ERR_UPSTREAM_CONNECT': refused.length,
    });
    t.ok(
      refused.every(({ answer }) => answer.body.includes('nothing was sent, trying again is safe')),
    );
    const back = await startSimulator({ port: simulator.port });
    t.teardown(() => back.stop());
    const client = await rawClient(t, server.url);
    t.equal((await client.request('GET /sns/userinfo').answer()).status, 200, 'no restart');
    const slowest = Math.round(Math.max(...refused.map(({ tookMs }) => tookMs)));
    figure('slowest 502 while connections are refused', slowest, 'ms');
  },
);
