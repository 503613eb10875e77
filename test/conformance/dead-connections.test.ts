import type { Socket } from 'node:net';
import t from 'tap';
import { until } from '../helpers/proxy.ts';
import type { Answer } from '../helpers/raw-connection.ts';
import { OK, type Reply } from '../helpers/raw-reply.ts';
import {
  LANES,
  LARGE_BODIES,
  onEachLane,
  REPLAY_LANE,
  STREAM_LANE,
  type Stage,
} from './on-each-lane.ts';

/** Opens `count` connections to the upstream and leaves them in the proxy's pool. */
async function pool(stage: Stage, count: number): Promise<void> {
  const { upstream, connect, path } = stage;
  const together = Promise.withResolvers<void>();
  upstream.answer = async (_request, reply) => {
    if (upstream.requests.length === count) together.resolve();
    await together.promise;
    await reply.send(OK);
  };
  const clients = await Promise.all(Array.from({ length: count }, () => connect()));
  await Promise.all(clients.map((client) => client.request(`GET ${path}`).answer()));
}

const POOLED = 3;
const used = new WeakSet<Socket>();

/** Connections that were pooled turn out dead as soon as they are used. */
function deadIfPooled(end: (reply: Reply) => void): Answer {
  return async (request, reply) => {
    if (request.connection <= POOLED) end(reply);
    else await reply.send(request.method === 'HEAD' ? OK.slice(0, OK.indexOf('{')) : OK);
  };
}

const ways: Readonly<Record<string, Answer>> = {
  reset: deadIfPooled((reply) => reply.reset()),
  closed: deadIfPooled((reply) => reply.cut()),
};

for (const [way, answer] of Object.entries(ways)) {
  for (const method of ['GET', 'HEAD']) {
    onEachLane(
      t,
      `${method} on a pooled connection that was ${way} is sent once more, on a fresh one`,
      {},
      async (t, stage) => {
        await pool(stage, POOLED);
        const { client, path, upstream } = stage;
        upstream.answer = answer;
        t.equal((await client.request(`${method} ${path}`).answer(method)).status, 200);
        t.equal(upstream.requests.length, POOLED + 2);
        t.equal(upstream.connections.length, POOLED + 1);
        t.equal(await stage.proxy.metric('upstream_failures_total'), 0);
      },
    );
  }

  onEachLane(
    t,
    `POST on a pooled connection that was ${way} is not sent again`,
    {},
    async (t, stage) => {
      await pool(stage, POOLED);
      stage.upstream.answer = answer;
      t.equal((await stage.post('{}')).status, 502);
      t.equal(stage.upstream.requests.length, POOLED + 1);
    },
  );
}

onEachLane(
  t,
  'GET on a fresh connection that is reset is not sent again',
  { answer: (_request, reply) => reply.reset() },
  async (t, stage) => {
    t.equal((await stage.get()).status, 502);
    t.equal(stage.upstream.requests.length, 1);
  },
);

onEachLane(t, 'GET is sent again only once', {}, async (t, stage) => {
  await pool(stage, POOLED);
  stage.upstream.answer = (_request, reply) => reply.reset();
  t.equal((await stage.get()).status, 502);
  t.equal(stage.upstream.requests.length, POOLED + 2);
});

for (const beginning of [
  'H',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
]) {
  onEachLane(
    t,
    `GET is not sent again after the answer has begun with ${JSON.stringify(beginning)}`,
    {},
    async (t, stage) => {
      await pool(stage, 1);
      stage.upstream.answer = async (_request, reply) => {
        await reply.send(beginning);
        reply.cut();
      };
      t.equal((await stage.get()).status, 502);
      t.equal(stage.upstream.requests.length, 2);
    },
  );
}

onEachLane(
  t,
  'a code exchange is never sent again: its code would be found used',
  { lanes: [STREAM_LANE] },
  async (t, stage) => {
    await pool(stage, 1);
    const { client, upstream } = stage;
    upstream.answer = (_request, reply) => reply.reset();
    t.equal((await client.request('GET /sns/jscode2session?js_code=1').answer()).status, 502);
    t.equal(upstream.requests.length, 2);
    t.equal(upstream.connections.length, 1, 'it was sent on the pooled connection');
  },
);

/** Far less than the idle time-out, after which a body that has been read would be missed. */
const PROMPT_MS = 1500;
const SMALL_BODY = '{"a":1}';

for (const when of ['at its head', 'when it is whole']) {
  for (const end of ['reset', 'cut'] as const) {
    onEachLane(
      t,
      `GET and HEAD with a body that streams are not sent again, but fail at once (${end} ${when})`,
      { lanes: [STREAM_LANE, LARGE_BODIES], env: { WXPROXY_IDLE_TIMEOUT: '3s' } },
      async (t, stage) => {
        const { client, lane, path, upstream, proxy } = stage;
        const body = lane.body || SMALL_BODY;
        for (const [i, method] of ['GET', 'HEAD'].entries()) {
          upstream.answer = OK;
          t.equal((await stage.post()).status, 200);
          upstream.answer = async (request, reply) => {
            if (when !== 'at its head') await request.whole;
            reply[end]();
          };
          const startedMs = performance.now();
          client.request(`${method} ${path}`, [`Content-Length: ${body.length}`], body);
          const { status, values } = await client.answer(method);
          t.strictSame([status, ...values('x-wxproxy-error')], [502, 'ERR_UPSTREAM_RESET'], method);
          const tookMs = Math.round(performance.now() - startedMs);
          t.ok(tookMs < PROMPT_MS, `${tookMs} ms`);
          t.equal(upstream.requests.length, 2 * (i + 1), 'executed at most once');
          t.equal(upstream.connections.length, i + 1, 'it was sent on the pooled connection');
        }
        t.equal(await proxy.metric('upstream_failures_total', { reason: 'reset' }), 2);
      },
    );
  }
}

onEachLane(
  t,
  'GET with a body that is held is sent once more, with its body',
  { lanes: [REPLAY_LANE] },
  async (t, stage) => {
    await pool(stage, POOLED);
    const { client, path, upstream } = stage;
    upstream.answer = deadIfPooled((reply) => reply.reset());
    client.request(`GET ${path}`, [`Content-Length: ${SMALL_BODY.length}`], SMALL_BODY);
    t.equal((await client.answer()).status, 200);
    t.equal(upstream.requests.length, POOLED + 2);
    t.equal((await upstream.requests.at(-1)?.whole)?.toString(), SMALL_BODY);
  },
);

for (const lane of LANES) {
  onEachLane(
    t,
    'a pooled connection that the upstream has closed is not used at all',
    { lanes: [lane] },
    async (t, stage) => {
      await pool(stage, 1);
      const [connection] = stage.upstream.connections;
      connection?.socket.end();
      await until(() => connection?.closed === true, 'the proxy has noticed');
      t.equal((await stage.post('{}')).status, 200, 'even a POST goes out on a fresh one');
      t.equal(stage.upstream.connections.length, 2);
    },
  );
}

onEachLane(
  t,
  'a connection for sending again is not pooled: it would be the next dead one',
  {
    async answer(request, reply) {
      await request.whole;
      // Every connection is good for one request.
      if (used.has(reply.socket)) return reply.reset();
      used.add(reply.socket);
      return reply.send(OK);
    },
  },
  async (t, stage) => {
    for (let round = 0; round < 6; round++) t.equal((await stage.get()).status, 200);
  },
);
