import t from 'tap';
import { head, hostileStage, isRefusal } from './hostile-stage.ts';

const stage = await hostileStage(t);
/** What java.net.http.HttpClient sends with every request over plain http. */
const OFFER = [
  'Connection: Upgrade, HTTP2-Settings',
  'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
  'Upgrade: h2c',
];

/** Newer Nodes lose what has come behind such a body: then nothing more is read, or answered. */
const ENDS_AFTER_BODY = Number.parseInt(process.versions.node, 10) >= 25;

t.test('a WebSocket upgrade is refused, however it is offered', async (t) => {
  for (const upgrade of ['websocket', 'WebSocket', 'h2c, websocket', 'websocket, h2c', 'TLS/1.0']) {
    for (const connection of ['Upgrade', 'keep-alive, upgrade', 'close']) {
      await stage.refuses(
        t,
        head('GET /smuggled', `Connection: ${connection}`, `Upgrade: ${upgrade}`),
        { status: 400, code: 'REQUEST_REFUSED', says: /Upgrade is not forwarded/ },
      );
    }
  }
});

t.test(
  'the h2c offer of Java is ignored: the request is served on both lanes, the offer not forwarded',
  async (t) => {
    let client = await stage.connect(t);
    for (const path of ['/cgi-bin/java', '/sns/java']) {
      for (const body of ['', '{"java":true}']) {
        const method = body === '' ? 'GET' : 'POST';
        client.request(`${method} ${path}`, [...OFFER, `Content-Length: ${body.length}`], body);
        t.equal((await client.answer()).status, 200, 'served on the same connection');
        const request = stage.upstream.requests.at(-1);
        t.equal((await request?.whole)?.toString(), body);
        for (const name of ['upgrade', 'http2-settings']) {
          t.strictSame(request?.values(name), [], `${name} ends here`);
        }
        t.notMatch(request?.values('connection').join(), /upgrade|settings/i);
        if (!ENDS_AFTER_BODY || body === '') continue;
        t.equal(await client.ended(), 'closed');
        client = await stage.connect(t);
      }
    }
  },
);

for (const path of ['/cgi-bin/java', '/sns/java']) {
  t.test(
    `what comes right behind an h2c offer is neither lost nor misread (${path})`,
    async (t) => {
      let client = await stage.connect(t);
      const before = stage.upstream.requests.length;
      const inner = head('GET /inside');
      const body = `{"a":1}${inner}`;
      // The second request breaks off where the rest of it would do as a request of its own.
      client.send(head(`GET ${path}?1`, ...OFFER));
      client.send(head(`POST ${path}?2`, `Content-Length: ${body.length}`) + body.slice(0, 7));
      t.equal((await client.answer()).status, 200);
      client.send(inner);
      t.equal((await client.answer()).status, 200);
      const bytes = head(`POST ${path}?3`, ...OFFER, `Content-Length: ${body.length}`) + body;
      client.send(bytes + head(`GET ${path}?4`));
      t.equal((await client.answer()).status, 200);
      if (ENDS_AFTER_BODY) {
        t.equal(await client.ended(), 'closed', 'its sender knows that the next was not served');
        client = await stage.connect(t);
      } else t.equal((await client.answer()).status, 200);
      const chunked = head(`POST ${path}?5`, ...OFFER, 'Transfer-Encoding: chunked');
      client.send(`${chunked}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
      t.equal((await client.answer()).status, 200);
      // What is pipelined goes upstream side by side.
      const seen = stage.upstream.requests
        .slice(before)
        .toSorted((a, b) => (a.target < b.target ? -1 : 1));
      t.strictSame(
        seen.map(({ method, target }) => `${method} ${/\?(\d)/.exec(target)?.[1]}`),
        ['GET 1', 'POST 2', 'POST 3', ...(ENDS_AFTER_BODY ? [] : ['GET 4']), 'POST 5'],
      );
      for (const { method, whole } of seen) {
        t.equal((await whole).toString(), method === 'POST' ? body : '');
      }
    },
  );
}

t.test('an offer on every request of a connection leaves nothing behind', async (t) => {
  const client = await stage.connect(t);
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warn);
  for (let n = 0; n < 50; n++) {
    t.equal((await client.request('GET /cgi-bin/java', OFFER).answer()).status, 200);
  }
  process.off('warning', warn);
  t.strictSame(warnings, [], 'no listeners pile up');
});

t.test(
  'an offer behind a request that is not answered yet is refused, after its answer',
  async (t) => {
    const client = await stage.connect(t);
    client.send(head('GET /cgi-bin/first') + head('GET /cgi-bin/smuggled', ...OFFER));
    t.equal((await client.answer()).status, 200);
    isRefusal(t, await client.answer(), { status: 400, code: 'REQUEST_REFUSED', says: /Upgrade/ });
    t.equal(await client.ended(), 'closed');
  },
);

t.test('the HTTP/2 preface is refused', (t) =>
  stage.refuses(t, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { status: 400, code: 'REQUEST_REFUSED' }),
);

t.test('after all of them both lanes serve, and nothing was smuggled', (t) => stage.isUnharmed(t));
