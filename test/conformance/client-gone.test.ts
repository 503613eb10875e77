import t, { type Test } from 'tap';
import { until } from '../helpers/proxy.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import type { Answer } from '../helpers/raw-connection.ts';
import { answerOf } from '../helpers/raw-reply.ts';
import {
  HELD_BYTES,
  LANES_FOR_BODIES,
  LANES_OF_API_CALLS,
  LARGE_BODIES,
  onEachLane,
  REPLAY_LANE,
  STREAM_LANE,
  type Stage,
} from './on-each-lane.ts';

const WITHIN_MS = 1000;
const never = new Promise<never>(() => {});

/** How a client goes away. */
const WAYS = {
  'closes its connection': (client: RawClient) => client.vanish(),
  'resets its connection': (client: RawClient) => client.reset(),
};

/** The upstream's side of it is over within a second, nothing is left open, and it was counted. */
async function isOver(t: Test, { proxy, upstream }: Stage, aborts = 1): Promise<void> {
  const closed = (): boolean => upstream.connections.every((connection) => connection.closed);
  await until(closed, 'the upstream connection is closed', WITHIN_MS);
  const inFlight = (): Promise<number> => proxy.metric('requests_in_flight');
  await until(async () => (await inFlight()) === 0, 'nothing is in flight', WITHIN_MS);
  t.equal(await proxy.metric('client_aborts_total'), aborts);
  t.equal(await proxy.metric('upstream_failures_total'), 0, 'nobody blames the upstream');
}

function sendWhole({ client, lane }: Stage): void {
  client.request(`POST ${lane.path}`, [`Content-Length: ${lane.body.length}`], lane.body);
}

for (const [way, go] of Object.entries(WAYS)) {
  onEachLane(
    t,
    `a client that ${way} while its answer is awaited aborts the upstream`,
    { lanes: LANES_FOR_BODIES, answer: () => never },
    async (t, stage) => {
      sendWhole(stage);
      await until(() => stage.upstream.requests.length === 1, 'the request arrived');
      go(stage.client);
      await isOver(t, stage);
    },
  );

  onEachLane(
    t,
    `a client that ${way} during a download aborts the upstream`,
    { lanes: LANES_FOR_BODIES, answer: endlessly },
    async (t, stage) => {
      sendWhole(stage);
      await stage.client.head();
      await stage.client.available(100_000);
      go(stage.client);
      await isOver(t, stage);
    },
  );

  onEachLane(
    t,
    `a client that ${way} while it does not read its download aborts the upstream`,
    { lanes: LANES_FOR_BODIES, answer: endlessly },
    async (t, stage) => {
      sendWhole(stage);
      await stage.client.head();
      stage.client.socket.pause();
      const [connection] = stage.upstream.connections;
      await until(() => (connection?.socket.writableLength ?? 0) > 0, 'the upstream is held back');
      go(stage.client);
      await isOver(t, stage);
    },
  );

  onEachLane(
    t,
    `a client that ${way} during an upload aborts the upstream`,
    { lanes: [STREAM_LANE, LARGE_BODIES], answer: () => never },
    async (t, stage) => {
      const { client, lane, upstream } = stage;
      client.request(`POST ${lane.path}`, ['Content-Length: 100000'], 'x'.repeat(50_000));
      await until(() => upstream.requests[0]?.bodyBytes === 50_000, 'the first half arrived');
      go(client);
      await isOver(t, stage);
      t.equal(upstream.requests[0]?.bodyBytes, 50_000);
    },
  );

  onEachLane(
    t,
    `a client that ${way} during an upload that the upstream does not read aborts it`,
    {
      lanes: [STREAM_LANE, LARGE_BODIES],
      answer(_request, reply) {
        reply.stopReading();
        return never;
      },
    },
    async (t, stage) => {
      const { client, lane, proxy } = stage;
      client.request(`POST ${lane.path}`, ['Content-Length: 100000000'], Buffer.alloc(20_000_000));
      await until(() => client.socket.bytesWritten > 0 && client.socket.writableLength > 0, 'full');
      go(client);
      // A paused socket does not see its end: what the proxy has let go of is told by its gauge.
      await until(async () => (await proxy.metric('requests_in_flight')) === 0, 'over', WITHIN_MS);
      t.equal(await proxy.metric('client_aborts_total'), 1);
    },
  );

  onEachLane(
    t,
    `a client that ${way} while its body is being held leaves nothing behind`,
    { lanes: [REPLAY_LANE] },
    async (t, stage) => {
      const { client, path, upstream, proxy } = stage;
      client.request(`POST ${path}`, [`Content-Length: ${HELD_BYTES}`], 'x');
      await until(async () => (await proxy.metric('requests_in_flight')) === 1, 'in flight');
      go(client);
      await isOver(t, stage);
      t.equal(upstream.requests.length, 0);
    },
  );

  onEachLane(
    t,
    `a client that ${way} while its pipelined request is queued aborts all of them`,
    { lanes: LANES_FOR_BODIES, answer: () => never },
    async (t, stage) => {
      sendWhole(stage);
      sendWhole(stage);
      await until(() => stage.upstream.requests.length === 2, 'both requests arrived');
      go(stage.client);
      await isOver(t, stage, 2);
    },
  );

  onEachLane(
    t,
    `a client that ${way} while a queued answer is ready leaves nothing behind`,
    { lanes: LANES_FOR_BODIES },
    async (_t, stage) => {
      let number = 0;
      stage.upstream.answer = (_request, reply) =>
        number++ === 0 ? never : reply.send(answerOf('second'));
      sendWhole(stage);
      await until(() => stage.upstream.requests.length === 1, 'the first request arrived');
      sendWhole(stage);
      const { proxy } = stage;
      await until(async () => (await proxy.metric('requests_in_flight')) === 1, 'one is answered');
      go(stage.client);
      await until(async () => (await proxy.metric('requests_in_flight')) === 0, 'over', WITHIN_MS);
    },
  );
}

const firstToken = Promise.withResolvers<void>();
t.teardown(firstToken.resolve);

onEachLane(
  t,
  'a client that goes away while the first token is awaited leaves nothing behind',
  { lanes: LANES_OF_API_CALLS, tokensAfter: firstToken.promise },
  async (t, stage) => {
    const { client, upstream, proxy } = stage;
    sendWhole(stage);
    await until(async () => (await proxy.metric('requests_in_flight')) === 1, 'in flight');
    client.vanish();
    await isOver(t, stage);
    t.equal(upstream.requests.length, 0);
  },
);

onEachLane(
  t,
  'a client that goes away while a better token is awaited leaves nothing behind',
  { lanes: [REPLAY_LANE], answer: answerOf('{"errcode":40001}') },
  async (t, stage) => {
    const { client, upstream, proxy } = stage;
    const nextToken = Promise.withResolvers<void>();
    upstream.tokensAfter = nextToken.promise;
    sendWhole(stage);
    await until(async () => (await proxy.metric('token_rejections_total')) === 1, 'rejected');
    client.vanish();
    await until(async () => (await proxy.metric('requests_in_flight')) === 0, 'over', WITHIN_MS);
    t.equal(await proxy.metric('client_aborts_total'), 1);
    nextToken.resolve();
    await until(() => upstream.tokenCalls === 2, 'the token came for those who follow');
    t.equal(upstream.requests.length, 1, 'nothing was replayed for nobody');
  },
);

for (const lane of [REPLAY_LANE, STREAM_LANE]) {
  onEachLane(
    t,
    'a client that goes away while it waits for a free connection leaves nothing behind',
    { lanes: [lane], env: { WXPROXY_MAX_CONNECTIONS: '1' }, answer: () => never },
    async (t, stage) => {
      const { client, connect, upstream, proxy, path } = stage;
      client.request(`GET ${path}`);
      await until(() => upstream.requests.length === 1, 'the only connection is taken');
      const waiting = await connect();
      waiting.request(`GET ${path}`);
      await until(async () => (await proxy.metric('requests_in_flight')) === 2, 'in flight');
      waiting.vanish();
      await until(async () => (await proxy.metric('requests_in_flight')) === 1, 'gone', WITHIN_MS);
      t.equal(await proxy.metric('client_aborts_total'), 1);
      client.vanish();
      await isOver(t, stage, 2);
      t.equal(upstream.requests.length, 1);
    },
  );
}

async function endlessly(...[request, reply]: Parameters<Answer>): Promise<void> {
  await request.whole;
  await reply.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
  while (!reply.socket.destroyed) await reply.send(chunk);
}
