import t from 'tap';
import { head, hostileStage } from './hostile-stage.ts';

const stage = await hostileStage(t);

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
    // What java.net.http.HttpClient sends with every request over plain http.
    const offer = [
      'Connection: Upgrade, HTTP2-Settings',
      'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
      'Upgrade: h2c',
    ];
    const client = await stage.connect(t);
    for (const path of ['/cgi-bin/java', '/sns/java']) {
      for (const body of ['', '{"java":true}']) {
        const method = body === '' ? 'GET' : 'POST';
        client.request(`${method} ${path}`, [...offer, `Content-Length: ${body.length}`], body);
        t.equal((await client.answer()).status, 200, 'served on the same connection');
        const request = stage.upstream.requests.at(-1);
        t.equal((await request?.whole)?.toString(), body);
        for (const name of ['upgrade', 'http2-settings']) {
          t.strictSame(request?.values(name), [], `${name} ends here`);
        }
        t.notMatch(request?.values('connection').join(), /upgrade|settings/i);
      }
    }
  },
);

t.test('the HTTP/2 preface is refused', (t) =>
  stage.refuses(t, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { status: 400, code: 'REQUEST_REFUSED' }),
);

t.test('after all of them both lanes serve, and nothing was smuggled', (t) => stage.isUnharmed(t));
