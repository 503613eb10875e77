import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { Exchanges } from '../../../src/proxy/exchange.ts';
import { listen } from '../../../src/server/listen.ts';
import { Readiness } from '../../../src/server/readiness.ts';
import { shutDown } from '../../../src/server/shutdown.ts';
import type { Logger } from '../../../src/telemetry/logger.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

t.test('not ready at once, and served until the drain delay is over', async (t) => {
  const stage = await open(t, { drainDelayMs: 1000 });
  const stopped = stage.stop();
  t.notOk(stage.readiness.state.ready);
  const late = await stage.ask();
  t.equal(late.headers.connection, 'close', 'and told not to come back on this connection');
  (await stage.asked()).end('late');
  t.equal(await text(late), 'late');
  await stopped;
  await t.rejects(stage.ask(), { code: 'ECONNREFUSED' });
  t.strictSame(stage.warnings, []);
});

t.test('an open request is waited for', async (t) => {
  const stage = await open(t, { drainTimeoutMs: 60_000 });
  const answer = await stage.ask();
  const res = await stage.asked();
  const stopped = stage.stop();
  let over = false;
  void stopped.then(() => (over = true));
  await refused(stage.url);
  t.notOk(over);
  res.end('whole');
  t.equal(await text(answer), 'whole');
  await stopped;
  t.strictSame(stage.warnings, []);
});

t.test('what is still open at the end of the drain timeout is cut off, and said', async (t) => {
  const stage = await open(t, { drainTimeoutMs: 50 });
  const answer = await stage.ask();
  await stage.asked();
  const cut = t.rejects(text(answer));
  await stage.stop();
  await cut;
  t.match(stage.warnings, ['requests were cut off: the drain timeout is over']);
});

t.test('the admin listener answers until the last request is done', async (t) => {
  const stage = await open(t, { drainTimeoutMs: 60_000 });
  const answer = await stage.ask();
  const res = await stage.asked();
  const stopped = stage.stop();
  await refused(stage.url);
  t.equal((await fetch(stage.adminUrl)).status, 204);
  res.end();
  await text(answer);
  await stopped;
  await t.rejects(fetch(stage.adminUrl));
});

t.test('an idle connection holds nothing up', async (t) => {
  const stage = await open(t, { drainTimeoutMs: 60_000 });
  const kept = await fetch(stage.url, { headers: { 'x-end': '1' } });
  await kept.text();
  await stage.stop();
  t.strictSame(stage.warnings, []);
});

/** Until new connections are refused: then the drain delay is over. */
async function refused(url: string): Promise<void> {
  for (;;) {
    try {
      await (await ask(url, { 'x-end': '1' })).toArray();
    } catch {
      return;
    }
  }
}

function ask(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers }, resolve).once('error', reject);
  });
}

async function open(t: Tap, times: { drainDelayMs?: number; drainTimeoutMs?: number }) {
  const exchanges = new Exchanges();
  const responses: ServerResponse[] = [];
  const data = createServer((req, res) => {
    const exchange = exchanges.begin(req, res);
    res.once('close', () => exchanges.end(exchange));
    res.flushHeaders();
    if (req.headers['x-end'] === undefined) responses.push(res);
    else res.end();
    data.emit('asked');
  });
  const admin = createServer((_req, res) => res.writeHead(204).end());
  t.teardown(() => {
    for (const server of [data, admin]) {
      server.closeAllConnections();
      server.close();
    }
  });
  const url = await listen(data, LOOPBACK);
  const warnings: string[] = [];
  const readiness = new Readiness(() => true);
  const logger = { info() {}, warn: (_: object, words: string) => warnings.push(words) };
  return {
    url,
    adminUrl: await listen(admin, LOOPBACK),
    readiness,
    warnings,
    ask: () => ask(url),
    /** The next request that came and is unanswered. */
    async asked(): Promise<ServerResponse> {
      while (responses.length === 0) await once(data, 'asked');
      return responses.shift() as ServerResponse;
    },
    stop: () =>
      shutDown({
        readiness,
        logger: logger as unknown as Logger,
        data,
        admin,
        exchanges,
        drainDelayMs: 0,
        drainTimeoutMs: 1000,
        ...times,
      }),
  };
}

type Tap = Pick<typeof t, 'teardown'>;
