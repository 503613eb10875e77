import t from 'tap';
import { createGuard, hostName } from '../../../src/proxy/guard.ts';
import { incoming } from './incoming.ts';

const PSEUDONYM = 'wxproxy-0123456789ab';

const guard = createGuard({
  hosts: ['proxy.internal', 'With-Port.internal:8080', 'fd00::0:1', '[FD00::2]:8080', '10.0.0.7'],
  allowPaths: [],
  denyPaths: [],
  pseudonym: PSEUDONYM,
});

const MISDIRECTED = { code: 'ERR_MISDIRECTED', status: 421 };
const REFUSED = { code: 'ERR_REQUEST_REFUSED', status: 400 };
const FORBIDDEN = { code: 'ERR_FORBIDDEN', status: 403 };

t.test('the loopback names and the configured hosts are ours, however they are written', (t) => {
  const hosts = [
    'localhost',
    'localhost:8080',
    'LOCALHOST:8080',
    'LocalHost',
    'localhost.',
    'localhost.:8080',
    'localhost:',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.0.0.1:65535',
    '127.1.2.3:8080',
    '127.0.0.1.',
    '[::1]',
    '[::1]:8080',
    '[0:0:0:0:0:0:0:1]:8080',
    '[0000::0001]',
    'proxy.internal',
    'Proxy.Internal:9999',
    'proxy.internal.:80',
    'with-port.internal',
    'with-port.internal:8080',
    'with-port.internal:1',
    '[fd00::1]:8080',
    '[FD00:0:0:0:0:0:0:1]',
    '[fd00::2]',
    '10.0.0.7:8080',
  ];
  for (const host of hosts) {
    t.doesNotThrow(() => guard.checkHead(incoming('GET', `Host: ${host}`)), host);
  }
  t.end();
});

t.test('every other host is refused, whatever it looks like', (t) => {
  const hosts = [
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    'evil.localhost',
    'xlocalhost',
    'localhost-x',
    '127.0.0.1.evil.example',
    '127.0.0.1.nip.io',
    '127.0.0',
    '1270.0.0.1',
    '128.0.0.1',
    '2130706433',
    '0x7f.0.0.1',
    '0.0.0.0',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::1',
    '::1',
    '[::1]x',
    '[evil]',
    '[::1]:80:80',
    'proxy.internal.evil.example',
    'evil.example#localhost',
    'user@localhost',
    'localhost@evil.example',
    'localhost:80@evil.example',
    'localhost:x',
    'localhost:123456',
    'localhost/x',
    'localhost, evil.example',
    'localhost evil.example',
    '[fd00::3]',
    '10.0.0.8',
    'löcalhost',
    '',
    ':8080',
    '.',
  ];
  for (const host of hosts) {
    t.throws(() => guard.checkHead(incoming('GET', `Host: ${host}`)), MISDIRECTED, host);
  }
  t.end();
});

t.test('a request has exactly one Host', (t) => {
  t.throws(() => guard.checkHead(incoming('GET', 'X: y')), REFUSED, 'none');
  const twice = [
    ['Host: localhost', 'Host: localhost'],
    ['Host: localhost', 'host: evil.example'],
    ['HOST: evil.example', 'Host: localhost'],
  ];
  for (const lines of twice) {
    t.throws(() => guard.checkHead(incoming('GET', ...lines)), REFUSED, lines.join());
  }
  t.end();
});

t.test('a page of another origin is refused, whatever its browser sends', (t) => {
  const rows: readonly (readonly string[])[] = [
    ['Origin: https://evil.example'],
    ['Origin: http://evil.example:8080'],
    ['Origin: null'],
    ['Origin: '],
    ['Origin: https://localhost:8080'],
    ['Origin: http://localhost'],
    ['Origin: http://localhost:3000'],
    ['Origin: http://127.0.0.1:8080'],
    ['Origin: http://localhost:8080, https://evil.example'],
    ['Origin: http://localhost:8080', 'Origin: https://evil.example'],
    ['Origin: file://'],
    ['Origin: chrome-extension://x'],
    ['Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-site'],
    ['sec-fetch-site: cross-site'],
    ['Sec-Fetch-Site: '],
    ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-origin', 'Origin: https://evil.example'],
    ['Origin: http://localhost:8080', 'Sec-Fetch-Site: cross-site'],
  ];
  for (const lines of rows) {
    const req = incoming('POST', 'Host: localhost:8080', ...lines);
    t.throws(() => guard.checkHead(req), FORBIDDEN, lines.join());
  }
  t.end();
});

t.test('a server, and a page of the proxy’s own origin, are let through', (t) => {
  const rows: readonly (readonly string[])[] = [
    [],
    ['Origin: http://localhost:8080'],
    ['Origin: http://localhost:8080', 'Sec-Fetch-Site: same-origin'],
    ['Sec-Fetch-Site: none'],
    ['Referer: https://evil.example/'],
  ];
  for (const lines of rows) {
    const req = incoming('POST', 'Host: localhost:8080', ...lines);
    t.doesNotThrow(() => guard.checkHead(req), lines.join());
  }
  t.end();
});

t.test('a request that has been here before is refused, one of another proxy is not', (t) => {
  const loops: readonly (readonly string[])[] = [
    [`Via: 1.1 ${PSEUDONYM}`],
    [`via: 1.0 fred, 1.1 ${PSEUDONYM}, 1.1 other`],
    ['Via: 1.1 other', `Via: 1.1 ${PSEUDONYM}`],
    [`VIA: 1.1 ${PSEUDONYM} (comment)`],
  ];
  for (const lines of loops) {
    const req = incoming('GET', 'Host: localhost', ...lines);
    t.throws(() => guard.checkHead(req), { code: 'ERR_LOOP', status: 508 }, lines.join());
  }
  for (const via of ['1.1 wxproxy-ffffffffffff', '1.1 nginx', '']) {
    t.doesNotThrow(() => guard.checkHead(incoming('GET', 'Host: localhost', `Via: ${via}`)), via);
  }
  t.end();
});

t.test('methods and upgrades that are no call of an API are refused', (t) => {
  for (const method of ['TRACE', 'CONNECT']) {
    const req = incoming(method, 'Host: localhost');
    t.throws(() => guard.checkHead(req), { code: 'ERR_REQUEST_REFUSED', status: 405 }, method);
  }
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    t.doesNotThrow(() => guard.checkHead(incoming(method, 'Host: localhost')), method);
  }
  for (const upgrade of ['websocket', 'WebSocket', 'h2c, websocket', 'TLS/1.0', '']) {
    const req = incoming('GET', 'Host: localhost', 'Connection: upgrade', `Upgrade: ${upgrade}`);
    t.throws(() => guard.checkHead(req), REFUSED, upgrade);
  }
  for (const upgrade of ['h2c', 'H2C']) {
    const req = incoming('GET', 'Host: localhost', `Upgrade: ${upgrade}`);
    t.doesNotThrow(() => guard.checkHead(req), `${upgrade}: what Java’s HttpClient offers`);
  }
  t.end();
});

t.test('a refusal does not repeat what was sent', (t) => {
  const lines = [
    ['Host: s3cret.example'],
    ['Host: localhost', 'Origin: https://s3cret.example'],
    ['Host: localhost', `Via: 1.1 s3cret, 1.1 ${PSEUDONYM}`],
    ['Host: localhost', 'Upgrade: s3cret'],
  ];
  for (const head of lines) {
    try {
      guard.checkHead(incoming('GET', ...head));
      t.fail('let through', { head });
    } catch (error) {
      t.notMatch((error as Error).message, /s3cret/);
    }
  }
  t.end();
});

t.test('a Host’s name is told from its port', (t) => {
  const rows: readonly (readonly [host: string, name: string | undefined])[] = [
    ['A.b:80', 'a.b'],
    ['a_b', 'a_b'],
    ['a.', 'a'],
    ['[::0001]:80', '[::1]'],
    ['[::ffff:7f00:1]', '[::ffff:7f00:1]'],
    ['[1::2::3]', undefined],
    ['[::g]', undefined],
    ['a b', undefined],
    ['', undefined],
  ];
  for (const [host, name] of rows) t.equal(hostName(host), name, host);
  t.end();
});
