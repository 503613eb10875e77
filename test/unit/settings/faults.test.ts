import { writeFileSync } from 'node:fs';
import t from 'tap';
import { SettingsError } from '../../../src/settings/settings-error.ts';
import type { SettingsFault } from '../../../src/settings/settings-error.ts';
import { ACCOUNT, faultsOf } from './faults-of.ts';

t.test('all faults are reported at once, each with its setting and what would be right', (t) => {
  const path = `${t.testdir()}/wxproxy.json`;
  writeFileSync(path, '{"log-level": "loud", "lisen": ":80"}');
  const faults = faultsOf(['--listen', '8080', '--nonsense', '--config', path], {
    WECHAT_APPID: 'wx-1',
    WXPROXY_IDLE_TIMEOUT: '60',
    WXPROXY_DRAIN_DELAI: '1s',
    WXPROXY_TOKEN_PEER: 'https://central',
  });
  t.strictSame(faults, [
    { setting: '--nonsense', message: 'is no flag of this program; see --help' },
    {
      setting: 'WXPROXY_DRAIN_DELAI',
      message: 'is no setting of this program (did you mean WXPROXY_DRAIN_DELAY?); see --help',
    },
    {
      setting: `lisen in ${path}`,
      message: 'is no setting of this program (did you mean listen?); see --help',
    },
    { setting: 'WECHAT_APPID', message: 'should be 4 to 64 letters and digits, not "wx-1"' },
    {
      setting: '--listen',
      message: 'should be host:port, :port, [ipv6]:port or unix:/path, not "8080"',
    },
    {
      setting: 'WXPROXY_IDLE_TIMEOUT',
      message: 'should be a number with a unit, such as 500ms, 30s, 5m or 1h, not "60"',
    },
    {
      setting: `log-level in ${path}`,
      message: 'should be one of trace, debug, info, warn, error, fatal, silent, not "loud"',
    },
    {
      setting: 'WXPROXY_TOKEN_PEER_KEY',
      message: 'is missing: the peer wants its client key, set it or its _FILE',
    },
  ]);
  const { message } = new SettingsError(faults);
  t.match(message, /^8 settings are wrong:\n  --nonsense: is no flag/);
  t.equal(message.split('\n').length, 9);
  t.end();
});

t.test('thousands of faults are all kept, and not all printed', (t) => {
  const faults = Array.from({ length: 1000 }, (_, n) => ({ setting: `s${n}`, message: 'is bad' }));
  const error = new SettingsError(faults);
  t.equal(error.faults.length, 1000);
  t.equal(error.message.split('\n').length, 52);
  t.match(error.message, /\n  and 950 more$/);
  t.match(new SettingsError(faults.slice(0, 1)).message, /^One setting is wrong:\n  s0: is bad$/);
  t.end();
});

const flags: readonly (readonly [argv: readonly string[], setting: string, message: RegExp])[] = [
  [['--lisen', ':80'], '--lisen', /did you mean --listen\?/],
  [['--wechat-appid=wx1'], '--wechat-appid', /did you mean --appid\?/],
  [['--client-keyfile', '/x'], '--client-keyfile', /did you mean --client-key-file\?/],
  [['--completely-else'], '--completely-else', /^is no flag of this program; see --help$/],
  [['-l', '--log-level=info'], '-l', /is no flag/],
  [['--listen'], '--listen', /needs a value: --listen <address>/],
  [['--listen', '--log-level=info'], '--listen', /needs a value/],
  [['--listen=', '--log-level=info'], '--listen', /should be host:port.*not ""/],
  [['--listen=:0', '--listen', ':1', '--client-key-file=/'], '--listen', /is given twice/],
  [['serve'], 'argument 1', /is no flag; every setting is given as --name value/],
  [['--log-level', 'info', 'warn'], 'argument 3', /is no flag/],
  [['--'], 'argument 1', /is no flag/],
  [['--config', '/nowhere.json'], '--config', /nowhere.json cannot be used: there is no such file/],
  [['--config', '/'], '--config', /\/ cannot be used: it is a directory/],
  [['--appsecret-file='], '--appsecret-file', /should be the path of a file/],
  [['--appsecret-file', '/nowhere'], '--appsecret-file', /file "\/nowhere": there is no such file/],
  [['--accounts-file', '/nowhere'], 'WXPROXY_ACCOUNTS_FILE', /\/nowhere cannot be used: there is/],
];

for (const [argv, setting, message] of flags) {
  t.test(`flags that are wrong are told: ${argv.join(' ')}`, (t) => {
    const fault = faultsOf(argv, ACCOUNT).find((candidate) => candidate.setting === setting);
    t.match(fault?.message, message);
    t.end();
  });
}

const configs: readonly (readonly [text: string, member: string, message: RegExp])[] = [
  ['{', '', /is not valid JSON \(line 1, column 2\)$/],
  ['{\n "a": "b"\n "c": 1}', '', /is not valid JSON \(line 3, column 2\)$/],
  ['', '', /is not valid JSON/],
  ['[]', '', /should hold a JSON object such as/],
  ['"x"', '', /should hold a JSON object such as/],
  ['{"WXPROXY_LISTEN": ":80"}', 'WXPROXY_LISTEN', /is no setting of this program/],
  ['{"--listen": ":80"}', '--listen', /did you mean listen\?/],
  ['{"config": "/x"}', 'config', /a config file cannot name another/],
  ['{"listen": null}', 'listen', /should be a string, number, boolean or array of strings/],
  ['{"listen": {"port": 1}}', 'listen', /should be a string, number/],
  ['{"allow-paths": ["/a,/b"]}', 'allow-paths', /should be a string, number/],
  ['{"allow-paths": [1]}', 'allow-paths', /should be a string, number/],
  ['{"allow-paths": []}', 'allow-paths', /should be patterns/],
  ['{"max-accounts": 1.5}', 'max-accounts', /should be a whole number/],
  ['{"idle-timeout": 60}', 'idle-timeout', /should be a number with a unit/],
  ['{"toString": 1}', 'toString', /is no setting/],
];

for (const [text, member, message] of configs) {
  t.test(`a config file that is wrong is told: ${text}`, (t) => {
    const path = `${t.testdir({ 'c.json': text })}/c.json`;
    const faults = faultsOf([], { ...ACCOUNT, WXPROXY_CONFIG: path });
    const setting = member === '' ? 'WXPROXY_CONFIG' : `${member} in ${path}`;
    t.strictSame(
      faults.map((fault) => fault.setting),
      [setting],
    );
    t.match(faults[0]?.message, message);
    t.end();
  });
}

const { WECHAT_APPID } = ACCOUNT;
const KEY = { WXPROXY_CLIENT_KEY: 'key' };
const PEER = { WXPROXY_TOKEN_PEER: 'https://central', WXPROXY_TOKEN_PEER_KEY: 'key' };

/** Each: what is set, and the one fault it has; none where it is right. */
const crossChecks: readonly (readonly [
  env: NodeJS.ProcessEnv,
  fault?: readonly [setting: string, message: RegExp],
])[] = [
  [{}, ['WECHAT_APPID', /no account is configured: set WECHAT_APPID and WECHAT_APPSECRET_FILE/]],
  [{ WECHAT_APP_ID: 'x' }, ['WECHAT_APPID', /WECHAT_APP_ID is set: did you mean WECHAT_APPID\?/]],
  [{ WECHAT_APPID }, ['WECHAT_APPID', /without its secret: set WECHAT_APPSECRET_FILE/]],
  [{ WECHAT_APPID, WECHAT_SECRET: 'x' }, ['WECHAT_APPID', /WECHAT_SECRET is set: did you mean/]],
  [{ WECHAT_APPSECRET: 'x' }, ['WECHAT_APPID', /is missing, though WECHAT_APPSECRET is set/]],
  [{ WECHAT_APPID, ...PEER }],
  [{ ...ACCOUNT, ...PEER }],
  [PEER, ['WECHAT_APPID', /no account is configured/]],
  [
    { ...ACCOUNT, WXPROXY_TOKEN_PEER: 'https://central' },
    ['WXPROXY_TOKEN_PEER_KEY', /is missing: the peer wants its client key/],
  ],
  [
    { ...ACCOUNT, WXPROXY_TOKEN_PEER_KEY: 'x' },
    ['WXPROXY_TOKEN_PEER', /is missing, though WXPROXY_TOKEN_PEER_KEY is set/],
  ],
  [
    { ...ACCOUNT, WECHAT_APPSECRET_FILE: import.meta.filename },
    ['WECHAT_APPSECRET_FILE', /is given together with WECHAT_APPSECRET: keep one of the two/],
  ],
  [
    { ...ACCOUNT, WXPROXY_TOKEN_ENDPOINTS: 'issue' },
    ['WXPROXY_CLIENT_KEY', /is missing: WXPROXY_TOKEN_ENDPOINTS=issue gives out real tokens/],
  ],
  [{ ...ACCOUNT, ...KEY, WXPROXY_TOKEN_ENDPOINTS: 'issue' }],
  ...[':80', '0.0.0.0:80', '[::]:80', '10.0.0.1:80', 'proxy:80', '[2001:db8::1]:0'].map(
    (listen) =>
      [
        { ...ACCOUNT, WXPROXY_LISTEN: listen },
        ['WXPROXY_CLIENT_KEY', /is missing: WXPROXY_LISTEN is reachable from other machines/],
      ] as const,
  ),
  ...['127.0.0.1:80', '127.9.9.9:80', '[::1]:80', 'localhost:80', 'unix:/run/x.sock'].map(
    (listen) => [{ ...ACCOUNT, WXPROXY_LISTEN: listen }] as const,
  ),
  [{ ...ACCOUNT, ...KEY, WXPROXY_LISTEN: ':80' }],
  [{ ...ACCOUNT, WXPROXY_ADMIN_LISTEN: ':9464' }],
  [
    { ...ACCOUNT, WXPROXY_UPSTREAM: 'http://simulator:80' },
    ['WXPROXY_UPSTREAM', /plain http to another machine.*WXPROXY_UPSTREAM_INSECURE=true/],
  ],
  [
    { ...ACCOUNT, ...PEER, WXPROXY_TOKEN_PEER: 'http://central' },
    ['WXPROXY_TOKEN_PEER', /plain http to another machine/],
  ],
  [
    {
      ...ACCOUNT,
      ...PEER,
      WXPROXY_UPSTREAM: 'http://simulator',
      WXPROXY_TOKEN_PEER: 'http://central',
      WXPROXY_UPSTREAM_INSECURE: 'true',
    },
  ],
  ...['http://127.0.0.1:1', 'http://[::1]:1', 'http://localhost:1', 'https://elsewhere'].map(
    (upstream) => [{ ...ACCOUNT, WXPROXY_UPSTREAM: upstream }] as const,
  ),
  ...(
    [
      ['127.0.0.1:9464', '127.0.0.1:9464'],
      ['127.0.0.1:9464', ':9464'],
      ['localhost:9464', '127.0.0.1:9464'],
      ['unix:/a', 'unix:/a'],
    ] as const
  ).map(
    ([listen, admin]) =>
      [
        { ...ACCOUNT, WXPROXY_LISTEN: listen, WXPROXY_ADMIN_LISTEN: admin },
        ['WXPROXY_ADMIN_LISTEN', /is the same address as WXPROXY_LISTEN: choose another port/],
      ] as const,
  ),
  ...(
    [
      ['127.0.0.1:0', '127.0.0.1:0'],
      ['127.0.0.1:1', '127.0.0.1:2'],
      ['127.0.0.1:1', '127.0.0.2:1'],
      ['unix:/a', 'unix:/b'],
      ['unix:/a', '127.0.0.1:1'],
    ] as const
  ).map(
    ([listen, admin]) =>
      [{ ...ACCOUNT, WXPROXY_LISTEN: listen, WXPROXY_ADMIN_LISTEN: admin }] as const,
  ),
  [
    { ...ACCOUNT, WXPROXY_REPLAY_MEMORY_LIMIT: '1MiB' },
    ['WXPROXY_REPLAY_BODY_LIMIT', /larger than WXPROXY_REPLAY_MEMORY_LIMIT \(12582912 > 1048576/],
  ],
  [{ ...ACCOUNT, WXPROXY_REPLAY_BODY_LIMIT: '1MiB', WXPROXY_REPLAY_MEMORY_LIMIT: '1MiB' }],
  ...['CONNECT', 'RESPONSE', 'IDLE', 'TOKEN'].map(
    (name) =>
      [
        { ...ACCOUNT, [`WXPROXY_${name}_TIMEOUT`]: '0s' },
        [`WXPROXY_${name}_TIMEOUT`, /should be longer than zero, not "0s"/],
      ] as const,
  ),
  [{ ...ACCOUNT, WXPROXY_DRAIN_DELAY: '0s', WXPROXY_DRAIN_TIMEOUT: '0s' }],
  // Of a setting that was already reported nothing more is said.
  [
    { ...ACCOUNT, WXPROXY_CLIENT_KEY: '密', WXPROXY_LISTEN: ':80' },
    ['WXPROXY_CLIENT_KEY', /printable/],
  ],
  [
    { ...ACCOUNT, WXPROXY_REPLAY_BODY_LIMIT: '9GB', WXPROXY_REPLAY_MEMORY_LIMIT: '1MiB' },
    ['WXPROXY_REPLAY_BODY_LIMIT', /should be a size/],
  ],
];

for (const [env, fault] of crossChecks) {
  t.test(`${JSON.stringify(env)} is ${fault === undefined ? 'right' : 'one fault'}`, (t) => {
    let faults: readonly SettingsFault[] = [];
    if (fault === undefined) t.throws(() => faultsOf([], env), { message: /are valid/ });
    else faults = faultsOf([], env);
    t.strictSame(
      faults.map(({ setting }) => setting),
      fault === undefined ? [] : [fault[0]],
    );
    if (fault !== undefined) t.match(faults[0]?.message, fault[1]);
    t.end();
  });
}
