import { request, type ClientRequest, type RequestListener } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { streamLane } from '../../../../src/proxy/lanes/stream.ts';
import { exchange, laneOptions, relay, serverOf } from './bench.ts';

const IDLE_TIMEOUT_MS = 300;

interface Upload {
  /** Has sent one byte of it, and the head of the answer has come. */
  readonly app: ClientRequest;
  /** What comes of it. */
  readonly sent: Promise<void>;
}

/** An upload through the lane to an upstream that answers before it has all of it. */
async function answeredEarly(t: Test, bytes: number, answer: RequestListener): Promise<Upload> {
  const upstream = await serverOf(t, answer);
  const lane = streamLane(laneOptions(upstream, { idleTimeoutMs: IDLE_TIMEOUT_MS }));
  t.teardown(() => lane.close());
  const answering = Promise.withResolvers<void>();
  const sent = Promise.withResolvers<void>();
  const proxy = await serverOf(t, (req, res) => {
    const outgoing = {
      method: 'POST',
      path: '/',
      headers: ['content-length', String(bytes)],
      body: req,
      resendable: false,
    };
    const passing = relay({ head: () => answering.resolve() });
    lane.send(exchange({ req, res }), outgoing, passing).then(sent.resolve, sent.reject);
  });
  const app = request(proxy, { method: 'POST', headers: { 'content-length': bytes } });
  app.on('error', () => {}); // it is cut off at the end of the test
  app.write('x');
  await answering.promise;
  return { app, sent: sent.promise };
}

t.test('an upstream that answers early, takes the rest and goes silent is given up', async (t) => {
  // More than all the buffers on the way hold, so that the lane has to wait for them.
  const bytes = 8 * 1024 * 1024;
  const { app, sent } = await answeredEarly(t, bytes, (req, res) => {
    res.writeHead(200, { 'content-length': 2 });
    res.write('o');
    req.resume();
  });
  app.end(Buffer.alloc(bytes - 1));
  await t.rejects(sent, { code: 'ERR_UPSTREAM_TIMEOUT' });
});

t.test('an upstream that answers early may wait for a slow upload to end', async (t) => {
  const bytes = 12;
  const { app, sent } = await answeredEarly(t, bytes, (req, res) => {
    res.writeHead(200, { 'content-length': 2 });
    res.write('o');
    req.resume().once('end', () => res.end('k'));
  });
  for (let i = 1; i < bytes; i++) {
    await delay(IDLE_TIMEOUT_MS / 6);
    app.write('x');
  }
  await t.resolves(sent);
});
