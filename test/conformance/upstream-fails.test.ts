import { createServer, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { untilReady, startProxy } from '../helpers/proxy.ts';
import { rawClient, type RawAnswer } from '../helpers/raw-client.ts';
import type { Answer } from '../helpers/raw-connection.ts';
import { OK } from '../helpers/raw-reply.ts';
import { startRawUpstream } from '../helpers/raw-upstream.ts';
import {
  LANES_FOR_BODIES,
  LARGE_BODIES,
  onEachLane,
  REPLAY_LANE,
  STREAM_LANE,
} from './on-each-lane.ts';

const never = new Promise<never>(() => {});

function failed(t: Test, answer: RawAnswer, status: number, code: string): void {
  t.equal(answer.status, status);
  t.strictSame(answer.values('x-wxproxy-error'), [code]);
  const body = JSON.parse(answer.body.toString()) as { errcode: number; errmsg: string };
  t.equal(body.errcode, -1, 'SDKs may try again');
  t.match(body.errmsg, `(${code})`);
}

const resets: Readonly<Record<string, Answer>> = {
  'resets the connection': async (request, reply) => {
    await request.whole;
    reply.reset();
  },
  'closes the connection': async (request, reply) => {
    await request.whole;
    reply.cut();
  },
  'closes it in the middle of a status line': async (request, reply) => {
    await request.whole;
    await reply.send('HTTP/1.1 20');
    reply.cut();
  },
};

for (const [how, answer] of Object.entries(resets)) {
  onEachLane(
    t,
    `an upstream that ${how} instead of answering is a 502 and gets no second request`,
    { lanes: LANES_FOR_BODIES, answer },
    async (t, stage) => {
      failed(t, await stage.post(), 502, 'ERR_UPSTREAM_RESET');
      t.equal(stage.upstream.requests.length, 1);
      const { proxy } = stage;
      t.equal(await proxy.metric('upstream_failures_total', { reason: 'reset' }), 1);
      stage.upstream.answer = OK;
      t.equal((await stage.post()).status, 200, 'the proxy goes on');
    },
  );
}

onEachLane(
  t,
  'an upstream that resets the connection during an upload is a 502',
  {
    lanes: [STREAM_LANE, LARGE_BODIES],
    answer: (_request, reply) => reply.reset(),
  },
  async (t, { client, lane, upstream }) => {
    client.request(`POST ${lane.path}`, ['Content-Length: 100000'], 'x'.repeat(50_000));
    failed(t, await client.answer(), 502, 'ERR_UPSTREAM_RESET');
    client.send('x'.repeat(50_000));
    upstream.answer = OK;
    t.equal((await client.request(`GET ${lane.path}`).answer()).status, 200);
  },
);

onEachLane(
  t,
  'an upstream that never answers is a 504',
  {
    lanes: LANES_FOR_BODIES,
    env: { WXPROXY_RESPONSE_TIMEOUT: '200ms' },
    answer: () => never,
  },
  async (t, stage) => {
    failed(t, await stage.post(), 504, 'ERR_UPSTREAM_TIMEOUT');
    t.equal(stage.upstream.requests.length, 1);
    t.equal(await stage.proxy.metric('upstream_failures_total', { reason: 'timeout' }), 1);
  },
);

onEachLane(
  t,
  'an upstream that stops in the middle of its head is a 504',
  {
    lanes: LANES_FOR_BODIES,
    env: { WXPROXY_RESPONSE_TIMEOUT: '200ms' },
    answer: async (_request, reply) => {
      await reply.send('HTTP/1.1 200 OK\r\nContent-Le');
      await never;
    },
  },
  async (t, stage) => {
    failed(t, await stage.post(), 504, 'ERR_UPSTREAM_TIMEOUT');
  },
);

onEachLane(
  t,
  'an upstream whose head comes letter by letter, for ever, is a 504',
  {
    lanes: LANES_FOR_BODIES,
    env: { WXPROXY_RESPONSE_TIMEOUT: '200ms' },
    answer: async (_request, reply) => {
      await reply.trickle(`HTTP/1.1 200 OK\r\nX-A: ${'x'.repeat(500)}`, 20);
    },
  },
  async (t, stage) => {
    failed(t, await stage.post(), 504, 'ERR_UPSTREAM_TIMEOUT');
  },
);

onEachLane(
  t,
  'the response timeout begins when the request is sent, however long that takes',
  { lanes: [STREAM_LANE, LARGE_BODIES], env: { WXPROXY_RESPONSE_TIMEOUT: '200ms' } },
  async (t, { client, lane }) => {
    client.request(`POST ${lane.path}`, ['Content-Length: 5000']);
    for (let part = 0; part < 5; part++) {
      client.send('x'.repeat(1000));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    t.equal((await client.answer()).status, 200);
  },
);

onEachLane(
  t,
  'an answer that stops in the middle is cut after the idle timeout',
  {
    lanes: LANES_FOR_BODIES,
    env: { WXPROXY_IDLE_TIMEOUT: '300ms' },
    async answer(request, reply) {
      await request.whole;
      await reply.send(`HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n${'x'.repeat(20_000)}`);
      await never;
    },
  },
  async (t, stage) => {
    const answer = await stage.post();
    t.equal(answer.status, 200);
    t.equal(answer.end, 'cut');
    t.equal(answer.body.length, 20_000);
    t.equal(await stage.proxy.metric('upstream_failures_total', { reason: 'timeout' }), 1);
  },
);

onEachLane(
  t,
  'an answer that keeps coming, slower than its head may, is not cut',
  {
    lanes: LANES_FOR_BODIES,
    env: { WXPROXY_IDLE_TIMEOUT: '1s', WXPROXY_RESPONSE_TIMEOUT: '300ms' },
    async answer(request, reply) {
      await request.whole;
      await reply.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
      await reply.trickle('[1,2]', 300);
    },
  },
  async (t, stage) => {
    const answer = await stage.post();
    t.equal(answer.end, 'whole');
    t.equal(answer.body.toString(), '[1,2]');
  },
);

onEachLane(
  t,
  'an app that stops in the middle of its upload is refused after the idle timeout',
  { lanes: LANES_FOR_BODIES, env: { WXPROXY_IDLE_TIMEOUT: '300ms' } },
  async (t, { client, lane, upstream, proxy }) => {
    const length = lane.body.length + 100;
    client.request(`POST ${lane.path}`, [`Content-Length: ${length}`], `${lane.body}x`);
    const answer = await client.answer();
    t.equal(answer.status, 408);
    t.strictSame(answer.values('x-wxproxy-error'), ['ERR_REQUEST_REFUSED']);
    t.equal(await proxy.metric('upstream_failures_total'), 0, 'nobody blames the upstream');
    t.equal(await proxy.metric('requests_refused_total', { reason: 'request_refused' }), 1);
    t.ok(upstream.requests.every(({ bodyBytes }) => bodyBytes < length));
  },
);

for (const lane of LANES_FOR_BODIES) {
  t.test(`an upstream that refuses connections is a 502 (${lane.name})`, async (t) => {
    const upstream = await startRawUpstream(t);
    const proxy = await startProxy(t, {
      upstream: upstream.url,
      env: { WXPROXY_REPLAY_BODY_LIMIT: '1KiB' },
    });
    await untilReady(proxy);
    await upstream.stop();
    const client = await rawClient(t, proxy.url);
    client.request(`POST ${lane.path}`, [`Content-Length: ${lane.body.length}`], lane.body);
    failed(t, await client.answer(), 502, 'ERR_UPSTREAM_CONNECT');
    t.equal(await proxy.metric('upstream_failures_total', { reason: 'connect' }), 1);
  });
}

for (const lane of [REPLAY_LANE, STREAM_LANE]) {
  t.test(`a TLS handshake that is cut short is a 502 (${lane.name})`, async (t) => {
    const server = createServer((socket) => socket.resetAndDestroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const proxy = await startProxy(t, { upstream: `https://127.0.0.1:${port}` });
    const client = await rawClient(t, proxy.url);
    const answer = await client.request('GET /sns/userinfo').answer();
    failed(t, answer, 502, 'ERR_UPSTREAM_CONNECT');
  });
}
