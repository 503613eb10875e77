import t from 'tap';
import { figure } from '../helpers/figures.ts';
import type { Answer } from '../helpers/raw-connection.ts';
import {
  askTogether,
  failureOf,
  faultStage,
  IDLE_TIMEOUT_MS,
  LANES_FOR_BODIES,
  RESPONSE_TIMEOUT_MS,
  SLACK_MS,
  slowestMs,
  tally,
} from './stage.ts';

const COUNT = 20;
const lanes = LANES_FOR_BODIES;
const never = new Promise<never>(() => {});

t.test('an upstream that goes silent is given up in time, on every lane', async (t) => {
  const stage = await faultStage(t);
  const { server, upstream } = stage;
  const answered = async (): Promise<void> => {
    upstream.answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const [one] = await askTogether(t, stage, { method: 'POST', lanes, count: 1 });
    t.equal(one?.answer.status, 200, 'and the program goes on');
    t.equal(await server.metric('requests_in_flight'), 0);
  };

  // Silence is no sign that a connection which has carried a request before is dead.
  upstream.answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  await askTogether(t, stage, { method: 'GET', lanes: lanes.slice(0, 2), count: COUNT });

  const beforeItsHead: Answer = () => never;
  upstream.answer = beforeItsHead;
  const asked = upstream.requests.length;
  const hung = [
    ...(await askTogether(t, stage, { method: 'GET', lanes: lanes.slice(0, 2), count: COUNT })),
    ...(await askTogether(t, stage, { method: 'POST', lanes, count: COUNT })),
  ];
  t.strictSame(tally(hung.map(({ answer }) => failureOf(answer))), {
    '504 ERR_UPSTREAM_TIMEOUT': hung.length,
  });
  t.equal(upstream.requests.length - asked, hung.length, 'none of them was sent twice');
  t.ok(slowestMs(hung) < RESPONSE_TIMEOUT_MS + SLACK_MS, `${slowestMs(hung)} ms`);
  t.ok(Math.min(...hung.map(({ tookMs }) => tookMs)) >= RESPONSE_TIMEOUT_MS, 'none too soon');
  figure('slowest 504 where the time-out is 400 ms', slowestMs(hung), 'ms');
  await answered();

  // Byte after byte of a head that never ends.
  upstream.answer = async (_request, reply) => {
    await reply.send('HTTP/1.1 200 OK\r\nX-Slow: ');
    await reply.trickle('x'.repeat(50), 50);
  };
  const head = await askTogether(t, stage, { method: 'POST', lanes, count: COUNT });
  t.strictSame(tally(head.map(({ answer }) => failureOf(answer))), {
    '504 ERR_UPSTREAM_TIMEOUT': head.length,
  });
  t.ok(slowestMs(head) < RESPONSE_TIMEOUT_MS + SLACK_MS, `${slowestMs(head)} ms`);
  figure('slowest 504 for a head that trickles', slowestMs(head), 'ms');
  await answered();

  const part = 'x'.repeat(20_000);
  upstream.answer = async (request, reply) => {
    await request.whole;
    await reply.send(`HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n${part}`);
    await never;
  };
  const body = await askTogether(t, stage, { method: 'POST', lanes, count: COUNT });
  t.strictSame(tally(body.map(({ answer }) => `${answer.status} ${answer.end}`)), {
    '200 cut': body.length,
  });
  t.ok(body.every(({ answer }) => answer.body.toString() === part));
  t.ok(slowestMs(body) < IDLE_TIMEOUT_MS + SLACK_MS, `${slowestMs(body)} ms`);
  figure('slowest cut where the time-out is 400 ms', slowestMs(body), 'ms');
  await answered();
});

t.test('an answer that trickles for longer than all time-outs together is whole', async (t) => {
  const stage = await faultStage(t);
  const text = '{"trickled":true}';
  stage.upstream.answer = async (request, reply) => {
    await request.whole;
    await reply.send(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n`);
    await reply.trickle(text, (2 * (RESPONSE_TIMEOUT_MS + IDLE_TIMEOUT_MS)) / text.length);
  };
  const trickled = await askTogether(t, stage, { method: 'POST', lanes, count: COUNT });
  const broken = trickled.filter(({ answer }) => answer.body.toString() !== text);
  t.equal(broken.length, 0);
  t.ok(trickled.every(({ tookMs }) => tookMs > RESPONSE_TIMEOUT_MS + IDLE_TIMEOUT_MS));
  figure('trickled answers that were broken', broken.length, `of ${trickled.length}`);
});
