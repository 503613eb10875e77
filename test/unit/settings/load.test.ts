import { rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { environment } from '../../../src/settings/environment.ts';
import { loadSettings } from '../../../src/settings/load.ts';
import { formByEnv, formByFlag, formByKey, forms } from '../../../src/settings/names.ts';
import { rows } from '../../../src/settings/table.ts';
import { ACCOUNT, faultsOf } from './faults-of.ts';

t.test('an account is all that must be set; the rest has the defaults of the design', (t) => {
  const { account, accounts, effective, ...rest } = loadSettings({ argv: [], env: ACCOUNT });
  t.equal(account?.appid, 'wx0123456789abcdef');
  t.equal(account?.secret?.reveal(), 'app-secret-value');
  t.equal(accounts.size, 0);
  t.equal(effective.length, rows.length);
  t.strictSame(rest, {
    upstream: new URL('https://api.weixin.qq.com'),
    upstreamInsecure: false,
    maxAccounts: 10_000,
    listen: { host: '127.0.0.1', port: 8080 },
    adminListen: { host: '127.0.0.1', port: 9464 },
    tokenApi: 'stable_token',
    tokenStore: { kind: 'memory' },
    tokenEndpoints: 'placeholder',
    refreshWindowMs: 300_000,
    replayBodyLimitBytes: 12 * 2 ** 20,
    replayMemoryLimitBytes: 64 * 2 ** 20,
    connectTimeoutMs: 5000,
    responseTimeoutMs: 30_000,
    idleTimeoutMs: 60_000,
    tokenTimeoutMs: 10_000,
    maxConnections: 256,
    allowPaths: [],
    denyPaths: [],
    allowHosts: [],
    drainDelayMs: 0,
    drainTimeoutMs: 25_000,
    logLevel: 'info',
    logFormat: 'json',
  });
  t.end();
});

t.test('every setting has one name, in the forms of a flag, a variable and a member', (t) => {
  for (const { key, env, flag, isFile } of forms) {
    const derived = key.toUpperCase().replaceAll('-', '_');
    t.ok([`WXPROXY_${derived}`, `WECHAT_${derived}`].includes(env), env);
    if (flag !== undefined) t.equal(flag, `--${key}`);
    t.equal(isFile, key.endsWith('-file') && key !== 'accounts-file');
  }
  t.equal(formByEnv.size, forms.length);
  t.equal(formByKey.size, forms.length);
  t.equal(formByFlag.size, forms.length - 3, 'three secrets have no flag');
  t.end();
});

t.test('flag beats variable beats config file beats default', (t) => {
  const path = `${t.testdir()}/wxproxy.json`;
  writeFileSync(
    path,
    JSON.stringify({
      'idle-timeout': '4s',
      'token-timeout': '4s',
      'connect-timeout': '4s',
      'max-accounts': 4,
      'upstream-insecure': true,
      'allow-paths': ['/wxa/**', '/cgi-bin/*'],
    }),
  );
  const settings = loadSettings({
    argv: ['--idle-timeout', '2s', `--config=${path}`],
    env: {
      ...ACCOUNT,
      WXPROXY_IDLE_TIMEOUT: '3s',
      WXPROXY_TOKEN_TIMEOUT: '3s',
      WXPROXY_CONFIG: '/x',
    },
  });
  t.equal(settings.idleTimeoutMs, 2000);
  t.equal(settings.tokenTimeoutMs, 3000);
  t.equal(settings.connectTimeoutMs, 4000);
  t.equal(settings.responseTimeoutMs, 30_000);
  t.equal(settings.maxAccounts, 4);
  t.equal(settings.upstreamInsecure, true);
  t.strictSame(settings.allowPaths, ['/wxa/**', '/cgi-bin/*']);
  const named = loadSettings({ argv: [], env: { ...ACCOUNT, WXPROXY_CONFIG: path } });
  t.equal(named.idleTimeoutMs, 4000, 'the variable names the file as well');
  t.end();
});

t.test('every secret can come from a file, and is read again when that changes', (t) => {
  const directory = t.testdir({
    secret: 'from-file-1\n',
    key: 'from-file-2\n',
    peer: 'from-file-3\n',
  });
  const settings = loadSettings({
    argv: ['--client-key-file', `${directory}/key`, `--token-peer-key-file=${directory}/peer`],
    env: {
      WECHAT_APPID: 'wx0123456789abcdef',
      WECHAT_APPSECRET_FILE: `${directory}/secret`,
      WXPROXY_TOKEN_PEER: 'https://central.internal',
    },
  });
  t.equal(settings.account?.secret?.reveal(), 'from-file-1');
  t.equal(settings.clientKey?.reveal(), 'from-file-2');
  t.equal(settings.tokenPeer?.key.reveal(), 'from-file-3');
  t.equal(settings.tokenPeer?.url.href, 'https://central.internal/');
  t.end();
});

t.test('a stronger source’s secret file beats a weaker source’s secret', (t) => {
  const path = `${t.testdir({ key: 'from-file' })}/key`;
  const { clientKey } = loadSettings({
    argv: ['--client-key-file', path],
    env: { ...ACCOUNT, WXPROXY_CLIENT_KEY: 'from-env' },
  });
  t.equal(clientKey?.reveal(), 'from-file');
  t.end();
});

t.test('relative paths in a config file are meant from its directory', (t) => {
  const directory = t.testdir({
    'wxproxy.json': JSON.stringify({
      'appsecret-file': 'secrets/app',
      'accounts-file': 'accounts.json',
      'client-key': 'key-in-config',
    }),
    'accounts.json': '[]',
    secrets: { app: 'from-file' },
  });
  const settings = loadSettings({
    argv: ['--appid', 'wx0123456789abcdef', '--config', `${directory}/wxproxy.json`],
    env: {},
  });
  t.equal(settings.account?.secret?.reveal(), 'from-file');
  t.equal(settings.accountsFile, `${directory}/accounts.json`);
  t.equal(settings.clientKey?.reveal(), 'key-in-config');
  t.end();
});

t.test('a flag that wants true or false may stand alone', (t) => {
  const load = (...argv: string[]) => loadSettings({ argv, env: ACCOUNT });
  t.equal(load('--upstream-insecure').upstreamInsecure, true);
  t.equal(load('--upstream-insecure', 'false').upstreamInsecure, false);
  t.equal(load('--upstream-insecure=no').upstreamInsecure, false);
  t.equal(load('--upstream-insecure', '--log-level', 'warn').upstreamInsecure, true);
  t.end();
});

t.test('Kubernetes’ variables about a Service named wxproxy are no settings', (t) => {
  const service = {
    WXPROXY_SERVICE_HOST: '10.0.0.1',
    WXPROXY_SERVICE_PORT: '8080',
    WXPROXY_SERVICE_PORT_HTTP: '8080',
    WXPROXY_PORT: 'tcp://10.0.0.1:8080',
    WXPROXY_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
    WXPROXY_PORT_8080_TCP_PROTO: 'tcp',
    WXPROXY_PORT_8080_TCP_PORT: '8080',
    WXPROXY_PORT_8080_TCP_ADDR: '10.0.0.1',
    WXPROXY_ADMIN_SERVICE_HOST: '10.0.0.2',
    WXPROXY_ADMIN_PORT: 'tcp://10.0.0.2:9464',
    WXPROXY_ADMIN_PORT_9464_TCP_ADDR: '10.0.0.2',
  };
  t.ok(loadSettings({ argv: [], env: { ...ACCOUNT, ...service } }));
  const mistaken = { ...ACCOUNT, WXPROXY_PORT: '8080', WXPROXY_LISTEN_PORT: '8080' };
  t.strictSame(
    faultsOf([], mistaken).map(({ setting }) => setting),
    ['WXPROXY_PORT', 'WXPROXY_LISTEN_PORT'],
  );
  t.end();
});

t.test('an empty variable is not set, but a guard is never off by mistake', (t) => {
  const { listen } = loadSettings({ argv: [], env: { ...ACCOUNT, WXPROXY_LISTEN: '' } });
  t.strictSame(listen, { host: '127.0.0.1', port: 8080 });
  const guards = {
    WXPROXY_CLIENT_KEY: '',
    WXPROXY_CLIENT_KEY_FILE: '',
    WXPROXY_ALLOW_PATHS: '',
    WXPROXY_DENY_PATHS: '',
    WXPROXY_ALLOW_HOSTS: '',
  };
  for (const [name, text] of Object.entries(guards)) {
    t.strictSame(
      faultsOf([], { ...ACCOUNT, [name]: text }).map(({ setting }) => setting),
      [name],
    );
  }
  t.end();
});

t.test('a secret file gone bad later is told to whom was handed in', (t) => {
  const path = `${t.testdir({ key: 'from-file' })}/key`;
  const told: string[] = [];
  const settings = loadSettings({
    argv: [],
    env: { ...ACCOUNT, WXPROXY_CLIENT_KEY_FILE: path },
    onSecretFault: (message) => told.push(message),
  });
  rmSync(path);
  const later = performance.now() + 1000;
  t.capture(performance, 'now', () => later);
  t.equal(settings.clientKey?.reveal(), 'from-file');
  t.equal(told.length, 1);
  t.match(told[0], `the secret file ${path} cannot be used`);
  t.end();
});

t.test('environment() is the process’s own', (t) => {
  t.equal(environment(), process.env);
  t.end();
});
