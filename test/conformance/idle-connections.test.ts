import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Exchanges } from '../../src/proxy/exchange.ts';
import { endSilence } from '../../src/proxy/silence.ts';
import { createDataListener } from '../../src/server/data-listener.ts';
import { listen } from '../../src/server/listen.ts';
import { rawClient, type RawClient } from '../helpers/raw-client.ts';

const NEVER_MS = 600_000;

t.test('an idle connection is closed, and not before its time', async (t) => {
  const keepAliveMs = 1000;
  const client = await connected(t, { keepAliveMs, idleTimeoutMs: 100 });
  await client.request('GET /').answer();
  await delay(keepAliveMs / 2);
  const askedAgainMs = performance.now();
  await client.request('GET /').answer();
  t.equal(await client.ended(), 'closed');
  t.ok(performance.now() - askedAgainMs >= keepAliveMs);
});

t.test('a connection that waits for an answer is not idle', async (t) => {
  const keepAliveMs = 100;
  const client = await connected(t, { keepAliveMs, idleTimeoutMs: NEVER_MS }, async (_, res) => {
    await delay(10 * keepAliveMs);
    res.end('late');
  });
  t.equal((await client.request('GET /').answer()).body.toString(), 'late');
  t.equal(await client.ended(), 'closed', 'now it is');
});

t.test('a request that came while the process was stalled is served', async (t) => {
  const keepAliveMs = 500;
  const client = await connected(t, { keepAliveMs, idleTimeoutMs: NEVER_MS });
  await client.request('GET /').answer();
  await delay(keepAliveMs / 2);
  client.request('GET /');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * keepAliveMs);
  t.equal((await client.answer()).status, 200);
});

t.test('a request that came while the look at its connection was late is served', async (t) => {
  const keepAliveMs = 1000;
  const client = await connected(t, { keepAliveMs, idleTimeoutMs: NEVER_MS });
  await client.request('GET /').answer();
  await delay(keepAliveMs / 3);
  const original = globalThis.setImmediate;
  t.teardown(() => (globalThis.setImmediate = original));
  // In the turn of the next look, just before it: nothing is read between.
  const late = ((run: () => void) => {
    globalThis.setImmediate = original;
    setImmediate(() => {
      client.request('GET /');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, keepAliveMs);
    });
    return setImmediate(run);
  }) as typeof setImmediate;
  globalThis.setImmediate = late;
  t.equal((await client.answer()).status, 200);
});

t.test('who sends no more of a body that was answered has the idle timeout', async (t) => {
  const client = await connected(t, { keepAliveMs: NEVER_MS, idleTimeoutMs: 200 });
  client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx');
  t.equal((await client.answer()).status, 200);
  t.equal(await client.ended(), 'closed');
});

t.test('who does not read what is left of an answer has the idle timeout', async (t) => {
  const body = Buffer.alloc(64 * 1024 * 1024);
  const options = { keepAliveMs: NEVER_MS, idleTimeoutMs: 200 };
  const closed = Promise.withResolvers<void>();
  const client = await connected(t, options, (req, res) => {
    req.socket.once('close', () => closed.resolve());
    res.end(body);
  });
  client.socket.pause();
  client.request('GET /');
  await closed.promise;
  client.socket.resume();
  await client.ended();
  t.ok(client.unread.length < body.length);
});

type Serve = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

/** A connection to the data listener itself, which does not wait for the body of a request. */
async function connected(
  t: Test,
  options: { readonly keepAliveMs: number; readonly idleTimeoutMs: number },
  serve: Serve = (_, res) => void res.end(),
): Promise<RawClient> {
  const exchanges = new Exchanges();
  const server = createDataListener({
    async serve(req, res) {
      const exchange = exchanges.begin(req, res);
      req.resume();
      await serve(req, res);
      exchanges.end(exchange);
    },
    silent: (socket) => endSilence(socket, exchanges),
    isIdle: (socket) => exchanges.isIdle(socket),
    refuse() {},
    ...options,
  });
  const url = await listen(server, { host: '127.0.0.1', port: 0 });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return rawClient(t, url);
}
