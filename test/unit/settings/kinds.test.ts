import t from 'tap';
import * as v from 'valibot';
import { duration } from '../../../src/settings/kinds/duration.ts';
import type { Kind } from '../../../src/settings/kinds/kind.ts';
import { hosts, pathPatterns } from '../../../src/settings/kinds/lists.ts';
import { listenAddress } from '../../../src/settings/kinds/listen-address.ts';
import { origin } from '../../../src/settings/kinds/origin.ts';
import { appid, boolean, filePath, integer, oneOf } from '../../../src/settings/kinds/scalars.ts';
import { secret } from '../../../src/settings/kinds/secret.ts';
import { size } from '../../../src/settings/kinds/size.ts';
import { tokenStore } from '../../../src/settings/kinds/token-store.ts';
import { Secret } from '../../../src/telemetry/secret.ts';

interface Table {
  readonly kind: Kind<unknown>;
  readonly good: readonly (readonly [text: string, value: unknown])[];
  /** The issue says what would be right. */
  readonly bad: readonly (readonly [text: string, right: RegExp])[];
}

const UNIT = /should be a number with a unit, such as 500ms, 30s, 5m or 1h/;
const SIZE = /should be a size such as 512KiB, 12MiB, 1GiB or a plain number of bytes/;
const ADDRESS = /should be host:port, :port, \[ipv6\]:port or unix:\/path/;
const SOCKET = /absolute path, such as unix:/;
const PATTERNS = /should be patterns separated by commas, each beginning with \//;
const HOSTS = /should be host names separated by commas/;
const DATABASE = /nothing after the host and port but the number of a database/;

const tables: Readonly<Record<string, Table>> = {
  'a duration, in ms': {
    kind: duration(0),
    good: [
      ['500ms', 500],
      ['300s', 300_000],
      ['1.5s', 1500],
      ['5m', 300_000],
      ['1h', 3_600_000],
      ['24h', 86_400_000],
      ['0s', 0],
      ['0', 0],
    ],
    bad: [
      ['', UNIT],
      ['300', UNIT],
      ['5 m', UNIT],
      ['-5s', UNIT],
      ['5S', UNIT],
      ['1d', UNIT],
      ['1h30m', UNIT],
      ['1e3s', UNIT],
      ['.5s', UNIT],
      ['99999999999s', UNIT],
      ['25h', /should be at most 24h/],
    ],
  },
  'a duration that must not be zero': {
    kind: duration(1),
    good: [['1ms', 1]],
    bad: [
      ['0', /should be longer than zero/],
      ['0s', /should be longer than zero/],
      ['0.0h', /should be longer than zero/],
    ],
  },
  'a size, in bytes': {
    kind: size(2 ** 31, '2GiB'),
    good: [
      ['12MiB', 12_582_912],
      ['512KiB', 524_288],
      ['1GiB', 1_073_741_824],
      ['0.5KiB', 512],
      ['4096', 4096],
      ['0', 0],
      ['2GiB', 2 ** 31],
    ],
    bad: [
      ['', SIZE],
      ['12MB', SIZE],
      ['12mib', SIZE],
      ['12 MiB', SIZE],
      ['-1', SIZE],
      ['1.5', SIZE],
      ['0x10', SIZE],
      ['3GiB', /should be at most 2GiB/],
    ],
  },
  'a boolean': {
    kind: boolean,
    good: [
      ['true', true],
      ['TRUE', true],
      ['yes', true],
      ['on', true],
      ['1', true],
      ['false', false],
      ['no', false],
      ['off', false],
      ['0', false],
    ],
    bad: [
      ['', /should be true or false/],
      ['tru', /should be true or false/],
      ['2', /should be true or false/],
    ],
  },
  'a whole number': {
    kind: integer(1, 65_535),
    good: [
      ['1', 1],
      ['65535', 65_535],
      ['007', 7],
    ],
    bad: ['', '0', '65536', '1.5', '-1', '1e3', ' 1', '0x1', '9'.repeat(30)].map(
      (text) => [text, /should be a whole number from 1 to 65535/] as const,
    ),
  },
  'one of a closed set': {
    kind: oneOf('stable_token', 'token'),
    good: [['token', 'token']],
    bad: ['', 'Token', 'toString'].map(
      (text) => [text, /should be one of stable_token, token/] as const,
    ),
  },
  'an appid': {
    kind: appid,
    good: [
      ['wx0123456789abcdef', 'wx0123456789abcdef'],
      ['abcd', 'abcd'],
    ],
    bad: ['', 'abc', 'wx-0123', 'a'.repeat(65), 'wx12345\n', 'wx/../x'].map(
      (text) => [text, /should be 4 to 64 letters and digits/] as const,
    ),
  },
  'a file path': {
    kind: filePath,
    good: [['/etc/x.json', '/etc/x.json']],
    bad: [['', /should be the path of a file/]],
  },
  'a listen address': {
    kind: listenAddress,
    good: [
      ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
      [':8080', { host: '', port: 8080 }],
      ['[::1]:8080', { host: '::1', port: 8080 }],
      ['localhost:0', { host: 'localhost', port: 0 }],
      ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
      ['my-host.internal:80', { host: 'my-host.internal', port: 80 }],
      ['unix:/run/wxproxy.sock', { path: '/run/wxproxy.sock' }],
      ['unix:///run/wxproxy.sock', { path: '/run/wxproxy.sock' }],
    ],
    bad: [
      ['', ADDRESS],
      ['8080', ADDRESS],
      ['127.0.0.1', ADDRESS],
      ['127.0.0.1:', ADDRESS],
      ['::1:8080', ADDRESS],
      ['[::1]', ADDRESS],
      ['[::g]:80', ADDRESS],
      ['[127.0.0.1]:80', ADDRESS],
      ['*:8080', ADDRESS],
      ['http://127.0.0.1:8080', ADDRESS],
      ['127.0.0.1:8080/', ADDRESS],
      ['127.0.0.1:-1', ADDRESS],
      ['127.0.0.1:65536', /should have a port from 0 to 65535/],
      ['unix:', SOCKET],
      ['unix:/', SOCKET],
      ['unix:run/x.sock', SOCKET],
      ['unix:/run/', SOCKET],
      [`unix:/${'x'.repeat(107)}`, /at most 107 bytes/],
    ],
  },
  'a URL to send requests to': {
    kind: origin,
    good: [
      ['https://api.weixin.qq.com', new URL('https://api.weixin.qq.com/')],
      ['http://127.0.0.1:3000/', new URL('http://127.0.0.1:3000')],
      ['https://[::1]:1', new URL('https://[::1]:1')],
    ],
    bad: [
      ['', /should be a URL such as https/],
      ['api.weixin.qq.com', /should be a URL such as https/],
      ['ftp://api.weixin.qq.com', /should be a URL such as https/],
      ['https://', /should be a URL such as https/],
      ['https://h:99999', /should be a URL such as https/],
      ['https://api.weixin.qq.com/cgi-bin', /a path is not supported/],
      ['https://api.weixin.qq.com?a=b', /should hold no query/],
      ['https://api.weixin.qq.com#a', /should hold no query or fragment/],
      ['https://user@api.weixin.qq.com', /should hold no user name or password/],
      ['https://:pass@api.weixin.qq.com', /should hold no user name or password/],
    ],
  },
  'a token store': {
    kind: tokenStore,
    good: [
      ['memory', { kind: 'memory' }],
      ['file:/var/lib/t.json', { kind: 'file', path: '/var/lib/t.json' }],
      ['file:///var/lib/t.json', { kind: 'file', path: '/var/lib/t.json' }],
    ],
    bad: [
      ['', /should be memory, file:\/path, redis:/],
      ['disk', /should be memory, file:\/path, redis:/],
      ['http://h', /should be memory, file:\/path, redis:/],
      ['file:', /absolute path, such as file:/],
      ['file:t.json', /absolute path, such as file:/],
      ['file:/var/lib/', /absolute path, such as file:/],
      ['file://host/t.json', /absolute path, such as file:/],
      ['redis:', /should be a URL such as redis:/],
      ['redis://', /should be a URL such as redis:/],
      ['redis://h:99999', /should be a URL such as redis:/],
      ['redis://h:0', /should be a URL such as redis:/],
      ['redis://u:p%zz@h', /percent-encoded: % is written %25/],
      ['redis://%u:p@h', /percent-encoded: % is written %25/],
      ['redis://u:p%2@h/0', /percent-encoded: % is written %25/],
      ['redis://u:50%abc@h', /percent-encoded: % is written %25/],
      ['redis://h/zero', DATABASE],
      ['redis://h/0/1', DATABASE],
      ['rediss://h?db=1', DATABASE],
    ],
  },
  'path patterns': {
    kind: pathPatterns,
    good: [
      ['/wxa/**', ['/wxa/**']],
      ['/cgi-bin/*, /wxa/getwxacode', ['/cgi-bin/*', '/wxa/getwxacode']],
    ],
    bad: [
      ['', PATTERNS],
      ['wxa/**', PATTERNS],
      ['**', PATTERNS],
      ['/a,', PATTERNS],
      ['/a,,/b', PATTERNS],
      ['/a b', PATTERNS],
      ['/a?x=1', PATTERNS],
    ],
  },
  'host names': {
    kind: hosts,
    good: [
      ['proxy.internal, localhost:8080,[::1]:80', ['proxy.internal', 'localhost:8080', '[::1]:80']],
    ],
    bad: [
      ['', HOSTS],
      ['http://proxy', HOSTS],
      ['proxy/', HOSTS],
      ['*', HOSTS],
      ['a b', HOSTS],
    ],
  },
  'a secret': {
    kind: secret,
    good: [],
    bad: [
      ['', /it is empty; it should be one line of printable ASCII/],
      ['two\nlines', /more than one line/],
      ['trailing ', /begins or ends with a blank/],
      ['密码', /not printable ASCII/],
    ],
  },
};

for (const [name, { kind, good, bad }] of Object.entries(tables)) {
  t.test(`${name}: its good texts are read, its bad ones told what would be right`, (t) => {
    for (const [text, value] of good) t.strictSame(v.parse(kind.schema, text), value, text);
    for (const [text, right] of bad) {
      const { issues = [] } = v.safeParse(kind.schema, text, { abortPipeEarly: true });
      t.match(issues[0]?.message, right, JSON.stringify(text));
    }
    t.end();
  });
}

t.test('a Redis URL is kept as a secret, whole', (t) => {
  for (const text of [
    'redis://h',
    'redis://h:6379/0',
    'rediss://user:pa%20ss@h/',
    'redis://:p@h',
    'redis://u%40:p%25%2F@h',
  ]) {
    const store = v.parse(tokenStore.schema, text);
    t.match(store, { kind: 'redis', url: Secret });
    t.equal(store.kind === 'redis' && store.url.reveal(), text);
    t.notMatch(JSON.stringify(store), text);
  }
  t.end();
});

t.test('of a URL only what cannot be a password is shown, valid or not', (t) => {
  const shown: readonly (readonly [Kind<unknown>, string, string])[] = [
    [tokenStore, 'memroy', 'memroy'],
    [tokenStore, 'file:t@home', 'file:t@home'],
    [tokenStore, 'redis://h:6379/0', 'redis://h:6379/0'],
    [tokenStore, 'redis://user:pw@h/0', 'redis://[secret]@h/0'],
    [tokenStore, 'redis://:pw@h', 'redis://[secret]@h'],
    [tokenStore, 'redis://:pw#x@h', 'redis://[not shown]'],
    [tokenStore, 'redis:pw@h', 'redis://[not shown]'],
    [tokenStore, 'reddis://:pw@h', 'reddis://[not shown]'],
    [tokenStore, 'rediss://h?password=pw', 'rediss://[not shown]'],
    [tokenStore, ':pw@h', '://[not shown]'],
    [origin, 'https://api.weixin.qq.com/x', 'https://api.weixin.qq.com/x'],
    [origin, 'https://user:pw@h/x', 'https://[secret]@h/x'],
    [origin, 'https://user:p/w?@h', 'https://[secret]@h'],
    [origin, 'user:pw@h', '[secret]@h'],
    [origin, 'https://h/?key=pw', 'https://h/?[not shown]'],
  ];
  for (const [kind, text, safe] of shown) t.equal(kind.show?.(text), safe, text);
  t.end();
});
