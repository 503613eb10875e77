import t from 'tap';
import { hostileStage, isRefusal } from './hostile-stage.ts';

const stage = await hostileStage(t, { WXPROXY_ALLOW_HOSTS: 'proxy.internal,Sidecar.Example' });
const get = (...hosts: readonly string[]): string =>
  `${['GET /cgi-bin/smuggled HTTP/1.1', ...hosts].join('\r\n')}\r\n\r\n`;

/** What a browser sends when a page's own name was made to point at 127.0.0.1, and kin. */
const foreign = [
  'evil.example',
  'evil.example:8080',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '127.0.0.1.nip.io',
  'evil.example.localhost.evil.example',
  'xlocalhost',
  'localhostx',
  'localhost-evil.example',
  'api.weixin.qq.com',
  '0.0.0.0',
  '0',
  '2130706433',
  '0x7f.1',
  '017700000001',
  '127.1',
  '[::]',
  '[::ffff:10.0.0.1]',
  '10.0.0.1',
  'proxy.internal.evil.example',
  'proxy.internal@evil.example',
  'user@localhost',
  'user:pass@localhost',
  'localhost@evil.example',
  'localhost:80:80',
  'localhost:port',
  'localhost:123456',
  'localhost/evil.example',
  'localhost,evil.example',
  'localhost evil.example',
  'localhost#evil.example',
  'localhost%00.evil.example',
  'localhost\xa0',
  'http://localhost',
  ':8080',
  '.localhost',
  '',
];

for (const host of foreign) {
  t.test(`a foreign Host is misdirected: ${JSON.stringify(host)}`, async (t) => {
    await stage.refuses(t, get(`Host: ${host}`), {
      status: 421,
      code: 'MISDIRECTED',
      says: /WXPROXY_ALLOW_HOSTS/,
    });
  });
}

t.test('a missing or doubled Host is refused', async (t) => {
  const refusal = { status: 400, code: 'REQUEST_REFUSED', says: /exactly one Host/ };
  await stage.refuses(t, get(), refusal);
  await stage.refuses(t, get('Host: localhost', 'Host: localhost'), refusal);
  await stage.refuses(t, get('Host: localhost', 'Host: evil.example'), refusal);
  await stage.refuses(t, get('Host: evil.example', 'host: localhost'), refusal);
  await stage.refuses(t, get('Host: localhost', 'X-A: b', 'HOST: localhost'), refusal);
  await stage.refuses(t, 'GET /cgi-bin/smuggled HTTP/1.0\r\n\r\n', refusal);
});

t.test(
  'loopback names and those of WXPROXY_ALLOW_HOSTS are served, with any port and casing',
  async (t) => {
    const client = await stage.connect(t);
    for (const host of [
      'localhost',
      'LocalHost:8080',
      'localhost.',
      '127.0.0.1',
      '127.0.0.1:1',
      '127.1.2.3:65535',
      '[::1]',
      '[::1]:8080',
      'proxy.internal',
      'PROXY.internal:8080',
      'sidecar.example.:80',
    ]) {
      const answer = await client
        .send(`GET /cgi-bin/served HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
        .answer();
      t.equal(answer.status, 200, host);
      const { host: upstreamHost } = new URL(stage.upstream.url);
      t.strictSame(
        stage.upstream.requests.at(-1)?.values('host'),
        [upstreamHost],
        'upstream: its own',
      );
    }
  },
);

t.test('X-Forwarded-Host and its kin do not excuse a foreign Host', async (t) => {
  const client = await stage.connect(t);
  const answer = await client
    .send(get('Host: evil.example', 'X-Forwarded-Host: localhost', 'Forwarded: host=localhost'))
    .answer();
  isRefusal(t, answer, { status: 421, code: 'MISDIRECTED' });
});

t.test('after all of them both lanes serve, and nothing was smuggled', (t) => stage.isUnharmed(t));
