import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { createAdminListener, type AdminPages } from '../../../src/server/admin-listener.ts';
import { listen } from '../../../src/server/listen.ts';
import type { Status } from '../../../src/server/status.ts';

const STATUS: Status = {
  now: 1,
  version: '1.2.3',
  uptimeMs: 1,
  ready: true,
  why: 'ready',
  requestsInFlight: 0,
  upstream: { ok: true, words: 'fine' },
  store: { ok: true, words: 'fine' },
  everyMs: 1000,
  accounts: [],
  moreAccounts: 0,
};

const PAGES: AdminPages = {
  metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'a 1\n' }),
  readiness: () => ({ ready: true, why: 'ready' }),
  status: () => STATUS,
};

t.test('every page is there, for GET and HEAD', async (t) => {
  const ask = await listener(t);
  const rows: readonly (readonly [path: string, type: string, body: RegExp])[] = [
    ['/metrics', 'text/plain; version=0.0.4', /^a 1\n$/],
    ['/metrics?x=1', 'text/plain; version=0.0.4', /^a 1\n$/],
    ['/healthz', 'text/plain; charset=utf-8', /^alive\n$/],
    ['/readyz', 'text/plain; charset=utf-8', /^ready\n$/],
    ['/status.json', 'application/json; charset=utf-8', /"version":"1\.2\.3"/],
    ['/', 'text/html; charset=utf-8', /<html/],
  ];
  for (const [path, type, body] of rows) {
    const got = await ask('GET', path);
    t.equal(got.statusCode, 200, path);
    t.equal(got.headers['content-type'], type);
    t.equal(got.headers['cache-control'], 'no-store');
    t.equal(got.headers['x-content-type-options'], 'nosniff');
    t.match(got.headers['content-security-policy'], /default-src 'none'/);
    const content = await text(got);
    t.match(content, body);
    t.equal(got.headers['content-length'], String(Buffer.byteLength(content)));
    const head = await ask('HEAD', path);
    t.equal(head.headers['content-length'], got.headers['content-length']);
    t.equal(await text(head), '');
  }
});

t.test('nothing is proxied: other paths are 404, other methods 405', async (t) => {
  const ask = await listener(t);
  for (const path of ['/cgi-bin/token', '/x', '//healthz', '/healthz/', 'http://evil.example/']) {
    t.equal((await ask('GET', path)).statusCode, 404, path);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
    const answer = await ask(method, '/metrics');
    t.equal(answer.statusCode, 405, method);
    t.equal(answer.headers.allow, 'GET, HEAD');
  }
});

t.test('who asks under another Host is answered: probes send the pod’s IP', async (t) => {
  const ask = await listener(t);
  t.equal((await ask('GET', '/healthz', { host: '10.1.2.3:9464' })).statusCode, 200);
});

t.test('not ready is 503 and says why, and is alive all the same', async (t) => {
  const readiness = () => ({ ready: false, why: 'no usable token yet' });
  const ask = await listener(t, { ...PAGES, readiness });
  const answer = await ask('GET', '/readyz');
  t.equal(answer.statusCode, 503);
  t.equal(await text(answer), 'no usable token yet\n');
  t.equal((await ask('GET', '/healthz')).statusCode, 200);
});

t.test('a page that fails is 500, shows nothing of it, and the listener goes on', async (t) => {
  const ask = await listener(t, {
    metrics: () => Promise.reject(new Error('s3cret')),
    readiness: () => {
      throw new Error('s3cret');
    },
    status: () => {
      throw new Error('s3cret');
    },
  });
  for (const path of ['/metrics', '/readyz', '/status.json']) {
    const answer = await ask('GET', path);
    t.equal(answer.statusCode, 500, path);
    t.notMatch(await text(answer), 's3cret');
  }
  t.equal((await ask('GET', '/healthz')).statusCode, 200);
});

type Ask = (
  method: string,
  path: string,
  headers?: Record<string, string>,
) => Promise<IncomingMessage>;

async function listener(t: Tap, pages = PAGES): Promise<Ask> {
  const server = createAdminListener(pages);
  const url = await listen(server, { host: '127.0.0.1', port: 0 });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = new URL(url);
  return (method, path, headers = {}) =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, method, path, headers, agent: false };
      request(options, resolve).once('error', reject).end();
    });
}

type Tap = Pick<typeof t, 'teardown'>;
