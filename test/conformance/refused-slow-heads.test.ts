import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Exchanges } from '../../src/proxy/exchange.ts';
import { refuseRaw } from '../../src/proxy/raw-refusal.ts';
import { createDataListener } from '../../src/server/data-listener.ts';
import { listen } from '../../src/server/listen.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { rawClient } from '../helpers/raw-client.ts';
import { isRefusal } from './hostile-stage.ts';

/** Long enough for a busy machine, short enough to wait for. */
const HEAD_TIMEOUT_MS = 500;
const REFUSAL = { status: 408, code: 'REQUEST_REFUSED', says: /did not arrive within 500 ms/ };

t.test('a head that arrives too slowly is refused with 408, one byte at a time too', async (t) => {
  const { url, served } = await listener(t);
  for (const bytes of ['GET / HT', 'GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ', 'G']) {
    const client = await rawClient(t, url);
    client.send(bytes);
    isRefusal(t, await client.answer(), REFUSAL);
    t.equal(await client.ended(), 'closed');
  }
  const client = await rawClient(t, url);
  client.send('GET / HTTP/1.1\r\nX-A: ');
  while (client.ending === undefined && client.unread.length === 0) {
    client.send('x');
    await delay(20);
  }
  isRefusal(t, await client.answer(), REFUSAL);
  t.equal(served(), 0);
});

t.test('a connection on which nothing is said ends with 408', async (t) => {
  const { url } = await listener(t);
  const client = await rawClient(t, url);
  isRefusal(t, await client.answer(), REFUSAL);
  t.equal(await client.ended(), 'closed');
});

t.test('a slow head behind a whole request does not harm the answer to that one', async (t) => {
  const { url, answer } = await listener(t);
  const client = await rawClient(t, url);
  client.send('GET /first HTTP/1.1\r\nHost: localhost\r\n\r\nGET /second HTTP/1.1\r\nX-A: ');
  // Longer than a head may take: it is refused while the answer is still owed.
  await delay(3 * HEAD_TIMEOUT_MS);
  answer('first');
  t.equal((await client.answer()).body.toString(), 'first');
  isRefusal(t, await client.answer(), REFUSAL);
  t.equal(await client.ended(), 'closed');
});

t.test('a body may take longer than a head', async (t) => {
  const { url, answer, served } = await listener(t);
  const client = await rawClient(t, url);
  client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n');
  for (let n = 0; n < 20; n++) {
    client.send('x');
    await delay(HEAD_TIMEOUT_MS / 10);
  }
  answer('whole');
  t.equal((await client.answer()).body.toString(), 'whole');
  t.equal(served(), 1);
});

/** The data listener itself, with a head time-out that a test can wait for. */
async function listener(
  t: Test,
): Promise<{ url: string; served: () => number; answer: (body: string) => void }> {
  const exchanges = new Exchanges();
  const metrics = new Metrics({ version: '0', processMetrics: false });
  const logger = await createLogger({ level: 'silent', format: 'json' });
  let served = 0;
  const answered = Promise.withResolvers<string>();
  const server: Server = createDataListener({
    async serve(req, res) {
      served++;
      const exchange = exchanges.begin(req, res);
      req.resume();
      res.end(await answered.promise);
      exchanges.end(exchange);
    },
    silent() {},
    refuse: (socket, status, why) =>
      void refuseRaw(socket, status, why, { exchanges, metrics, logger }),
    isIdle: (socket) => exchanges.isIdle(socket),
    idleTimeoutMs: 60_000,
    keepAliveMs: 60_000,
    headTimeoutMs: HEAD_TIMEOUT_MS,
  });
  const url = await listen(server, { host: '127.0.0.1', port: 0 });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, served: () => served, answer: answered.resolve };
}
