import t from 'tap';
import { proxyAndSimulator } from '../helpers/proxy.ts';
import { rawClient } from '../helpers/raw-client.ts';

t.test('whatever is refused has one line in the log, at level info', async (t) => {
  const { proxy } = await proxyAndSimulator(t);
  const refusals = (): object[] =>
    proxy.log
      .filter((line) => line.includes('"request refused"'))
      .map((line) => JSON.parse(line) as object);
  const host = 'Host: localhost\r\n\r\n';
  const rows: readonly (readonly [what: string, bytes: string, status: number])[] = [
    ['a path that climbs', `GET /cgi-bin/../x HTTP/1.1\r\n${host}`, 400],
    ['CONNECT', `CONNECT api.weixin.qq.com:443 HTTP/1.1\r\n${host}`, 405],
    ['a WebSocket', `GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${host}`, 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.repeat(50), 400],
    [
      'two lengths',
      `POST /cgi-bin/x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n${host}`,
      400,
    ],
  ];
  for (const [what, bytes, status] of rows) {
    const before = refusals().length;
    const client = await rawClient(t, proxy.url);
    client.send(bytes);
    t.equal((await client.answer()).status, status, what);
    const [line, ...more] = refusals().slice(before);
    t.match(line, { level: 'info', code: 'ERR_REQUEST_REFUSED', status }, what);
    t.strictSame(more, [], 'and it is the only one');
  }
});
