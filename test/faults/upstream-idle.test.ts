import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { figure } from '../helpers/figures.ts';
import { rawClient } from '../helpers/raw-client.ts';
import type { Reply } from '../helpers/raw-reply.ts';
import type { RawRequest } from '../helpers/raw-request.ts';
import {
  ask,
  failureOf,
  faultStage,
  idOf,
  LANES_FOR_BODIES,
  tally,
  type FaultStage,
  type Lane,
  type Method,
} from './stage.ts';

const APPS = 8;
const ROUNDS = 25;
const REQUESTS = APPS * ROUNDS * LANES_FOR_BODIES.length;
const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST'];

/** The ways a server takes leave of an idle connection. */
const LEAVES: readonly ((reply: Reply) => void)[] = [
  (reply) => reply.cut(),
  (reply) => reply.reset(),
  (reply) => reply.socket.destroy(),
];

interface Outcome {
  readonly id: string;
  readonly method: Method;
  /** `200 `, or the failure; a connection that ended without an answer is one too. */
  readonly came: string;
  readonly errmsg: string;
}

/** Apps that call one after the other, on every lane, GET, HEAD and POST in turn. */
async function traffic(t: Test, stage: FaultStage, pauseMs: () => number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const app = async (lane: Lane, number: number): Promise<void> => {
    let client = await rawClient(t, stage.server.url);
    for (let round = 0; round < ROUNDS * METHODS.length; round++) {
      // What has no body takes the replay lane, however much this lane could carry.
      const method = METHODS[round % METHODS.length] as Method;
      const id = `${LANES_FOR_BODIES.indexOf(lane)}-${number}-${round}`;
      try {
        const answer = await ask(client, method, lane, id);
        const came = failureOf(answer);
        outcomes.push({ id, method, came, errmsg: answer.body.toString() });
      } catch (error) {
        outcomes.push({ id, method, came: String(error), errmsg: '' });
        client = await rawClient(t, stage.server.url);
      }
      await delay(pauseMs());
    }
    client.vanish();
  };
  await Promise.all(
    LANES_FOR_BODIES.flatMap((lane) => Array.from({ length: APPS }, (_, n) => app(lane, n))),
  );
  return outcomes;
}

function okFor({ method }: RawRequest): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${method === 'HEAD' ? '' : 'ok'}`;
}

function only(method: Method, outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.filter((outcome) => outcome.method === method);
}

/** What holds however the upstream closes. @returns how often each id reached it */
async function judge(
  t: Test,
  { server, upstream }: FaultStage,
  outcomes: readonly Outcome[],
): Promise<Record<string, number>> {
  const arrivals = tally(upstream.requests.map(idOf));
  for (const method of ['GET', 'HEAD'] as const) {
    t.strictSame(
      tally(only(method, outcomes).map(({ came }) => came)),
      { '200 ': REQUESTS },
      `no ${method} fails`,
    );
  }
  const posts = only('POST', outcomes);
  t.strictSame(
    posts.filter(({ id }) => (arrivals[id] ?? 0) > 1),
    [],
    'no POST is executed twice',
  );
  const failed = posts.filter(({ came }) => came !== '200 ');
  t.strictSame(tally(failed.map(({ came }) => came)), {
    ...(failed.length > 0 && { '502 ERR_UPSTREAM_RESET': failed.length }),
  });
  t.ok(failed.every(({ errmsg }) => errmsg.includes('may have been carried out')));
  t.equal(await server.metric('requests_in_flight'), 0);
  return arrivals;
}

t.test('idle connections that die when they are used again', async (t) => {
  const stage = await faultStage(t);
  const used = new Map<unknown, number>();
  const died: string[] = [];
  stage.upstream.answer = async (request, reply) => {
    const number = (used.get(reply.socket) ?? 0) + 1;
    used.set(reply.socket, number);
    if (number === 1) {
      await request.whole;
      return reply.send(okFor(request));
    }
    // Its bytes have arrived: for all the proxy knows it was carried out.
    died.push(idOf(request));
    return (LEAVES[died.length % LEAVES.length] as (typeof LEAVES)[number])(reply);
  };
  const outcomes = await traffic(t, stage, () => 1);
  const arrivals = await judge(t, stage, outcomes);
  t.ok(died.length > REQUESTS / 2, `connections died ${died.length} times`);
  const failed = only('POST', outcomes).filter(({ came }) => came !== '200 ');
  const dead = new Set(died);
  t.strictSame(
    failed.filter(({ id }) => !dead.has(id)),
    [],
    'a POST fails only where it may have been carried out',
  );
  const lost = outcomes.filter(({ method, came }) => method !== 'POST' && came !== '200 ');
  figure(
    'GET and HEAD that failed because their connection died',
    lost.length,
    `of ${2 * REQUESTS}`,
  );
  const twice = only('POST', outcomes).filter(({ id }) => (arrivals[id] ?? 0) > 1);
  figure('POST executed twice', twice.length, `of ${REQUESTS}, ${failed.length} of them a 502`);
});

t.test('idle connections that are closed in the very moment they are used again', async (t) => {
  const stage = await faultStage(t);
  const sent = new Map<unknown, number>();
  stage.upstream.answer = async (request, reply) => {
    await request.whole;
    await reply.send(okFor(request));
    const at = performance.now();
    sent.set(reply.socket, at);
    // Just when the apps' next requests are on their way.
    const leave = LEAVES[Math.floor(Math.random() * LEAVES.length)] as (typeof LEAVES)[number];
    setTimeout(() => {
      if (sent.get(reply.socket) === at) leave(reply);
    }, Math.random() * 6);
  };
  const outcomes = await traffic(t, stage, () => Math.random() * 6);
  await judge(t, stage, outcomes);
  const failed = outcomes.filter(({ came }) => came !== '200 ');
  const lost = failed.filter(({ method }) => method !== 'POST');
  figure('GET and HEAD that failed in the race', lost.length, `of ${2 * REQUESTS}`);
  figure(
    'POST told that they may have been carried out',
    failed.length - lost.length,
    `of ${REQUESTS} in the race`,
  );
});
