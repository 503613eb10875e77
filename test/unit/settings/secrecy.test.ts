import { inspect } from 'node:util';
import t from 'tap';
import { parseAccounts } from '../../../src/settings/accounts-file.ts';
import { describeSettings } from '../../../src/settings/describe.ts';
import { loadSettings } from '../../../src/settings/load.ts';
import { ACCOUNT, settingsError } from './faults-of.ts';

const VALUE = 's3cr3tV4lue';

/** Ways to give a secret to the wrong setting, or in the wrong way. */
const mistakes: readonly (readonly [argv: readonly string[], env?: NodeJS.ProcessEnv])[] = [
  [['--client-key', VALUE]],
  [['--client-key', `-${VALUE}`]],
  [['--client-key', `--${VALUE}`]],
  [[`--client-key=${VALUE}`]],
  [['--appsecret', VALUE]],
  [['--wechat-appsecret', VALUE]],
  [[`--wxproxy-token-peer-key=${VALUE}`]],
  [['--apsecret', VALUE]],
  [['--secret', VALUE]],
  [[`-p${VALUE}`]],
  [['-p', VALUE]],
  [[VALUE]],
  [['--log-level', 'info', VALUE]],
  [['--upstream-insecure', VALUE]],
  [['--client-key-file', VALUE]],
  [['--appsecret-file', `${VALUE}/b64=`]],
  [['--token-store', `redis://user:${VALUE}@h/0`]],
  [['--token-store', `reddis://user:${VALUE}@h/0`]],
  [['--token-store', `redis://user:${VALUE}@h/no`]],
  [['--token-store', `redis://:#${VALUE}@h/0`]],
  [['--token-store', `redis://h?password=${VALUE}`]],
  [['--upstream', `https://user:${VALUE}@h`]],
  [['--upstream', `https://h?key=${VALUE}`]],
  [['--token-peer', `https://${VALUE}@h:port`]],
  [[], { WXPROXY_CLIENT_KEI: VALUE }],
  [[], { WXPROXY_CLIENT_KEY: `${VALUE} ` }],
  [[], { WXPROXY_CLIENT_KEY: `${VALUE}\n${VALUE}` }],
  [[], { WXPROXY_CLIENT_KEY_FILE: VALUE }],
  [[], { WXPROXY_TOKEN_STORE: `redis://user:${VALUE}@` }],
  [[], { WECHAT_APPID: '', WECHAT_APPSECRET: VALUE, WECHAT_SECRET: VALUE }],
];

for (const [argv, env = {}] of mistakes) {
  t.test(`no fault shows the secret of ${JSON.stringify([argv, env])}`, (t) => {
    const error = settingsError(() => loadSettings({ argv, env: { ...ACCOUNT, ...env } }));
    t.ok(error.faults.length > 0);
    const printed = error.message + String(error.stack) + inspect(error, { depth: 9 });
    t.notMatch(printed, VALUE);
    t.notMatch(printed, ACCOUNT.WECHAT_APPSECRET);
    t.end();
  });
}

t.test('who gives a secret by a flag is told how to give it', (t) => {
  for (const name of ['--appsecret', '--wechat-appsecret', '--apsecret']) {
    const error = settingsError(() => loadSettings({ argv: [name, VALUE], env: ACCOUNT }));
    t.strictSame(error.faults, [
      {
        setting: name,
        message:
          'does not exist, because every user of a machine can read its command lines: ' +
          'use --appsecret-file <file>, or the variable WECHAT_APPSECRET',
      },
    ]);
  }
  t.end();
});

t.test('a Redis URL that no client takes is refused by the setting, without its password', (t) => {
  for (const [url, right] of [
    [`redis://user:${VALUE}%zz@h`, /^should have its user and password percent-encoded: % is wri/],
    [`redis://user:${VALUE}@h:0`, /^should be a URL such as redis:\/\/user:password@host:6379\/0/],
  ] as const) {
    const env = { ...ACCOUNT, WXPROXY_TOKEN_STORE: url };
    const error = settingsError(() => loadSettings({ argv: [], env }));
    t.match(error.faults, [{ setting: 'WXPROXY_TOKEN_STORE', message: right }]);
    t.notMatch(error.message + inspect(error, { depth: 9 }), VALUE);
  }
  t.end();
});

t.test('no fault of a file quotes it', (t) => {
  const directory = t.testdir({
    'broken.json': `{"client-key": ${VALUE}}`,
    'wrong.json': `{"client-key": " ${VALUE}", "appsecret": ["${VALUE}", 1], "x": "${VALUE}"}`,
    'store.json': `{"token-store": "redis://user:${VALUE}@h/x"}`,
    'accounts.json': `[{"appid": "wx1", "appsecret": ${VALUE}}]`,
    pem: `${VALUE}\n${VALUE}`,
  });
  for (const name of ['broken.json', 'wrong.json', 'store.json']) {
    const env = { ...ACCOUNT, WXPROXY_CONFIG: `${directory}/${name}` };
    const error = settingsError(() => loadSettings({ argv: [], env }));
    t.notMatch(error.message + inspect(error, { depth: 9 }), VALUE, name);
  }
  for (const [name, path] of [
    ['WXPROXY_ACCOUNTS_FILE', 'accounts.json'],
    ['WXPROXY_CLIENT_KEY_FILE', 'pem'],
  ] as const) {
    const env = { ...ACCOUNT, [name]: `${directory}/${path}` };
    const error = settingsError(() => loadSettings({ argv: [], env }));
    t.notMatch(error.message + inspect(error, { depth: 9 }), VALUE, name);
  }
  const text = JSON.stringify([
    { appid: 'wx12345', appsecret: `${VALUE}\n`, tokenApi: VALUE, default: VALUE },
    { appid: `${VALUE}/`, appsecret: VALUE, appsecretFile: `/${VALUE}` },
    { appid: 'wx12346', appsecretFile: VALUE },
    VALUE,
  ]);
  const error = settingsError(() => parseAccounts(text, '/'));
  t.equal(error.faults.length, 7);
  t.notMatch(error.message + inspect(error, { depth: 9 }), VALUE);
  t.end();
});

t.test('settings and their description show no secret, whichever way they came', (t) => {
  const directory = t.testdir({
    key: `${VALUE}-file`,
    'c.json': JSON.stringify({ 'token-peer-key': `${VALUE}-peer` }),
    'accounts.json': JSON.stringify([
      { appid: 'wxaaaa', appsecret: `${VALUE}-plain` },
      { appid: 'wxbbbb', appsecret: `${VALUE}-marked`, default: true },
    ]),
  });
  const settings = loadSettings({
    argv: ['--config', `${directory}/c.json`, '--client-key-file', `${directory}/key`],
    env: {
      WECHAT_APPID: 'wx0123456789abcdef',
      WECHAT_APPSECRET: `${VALUE}-env`,
      WXPROXY_ACCOUNTS_FILE: `${directory}/accounts.json`,
      WXPROXY_TOKEN_PEER: 'https://central',
      WXPROXY_TOKEN_STORE: `redis://user:${VALUE}-redis@store:6379/2`,
    },
  });
  const printed = [
    describeSettings(settings),
    JSON.stringify(settings),
    inspect(settings, { depth: 9, showHidden: true }),
  ].join('\n');
  t.notMatch(printed, VALUE);
  t.equal(settings.clientKey?.reveal(), `${VALUE}-file`);
  t.equal(settings.accounts.get('wxaaaa')?.secret?.reveal(), `${VALUE}-plain`);
  t.end();
});
