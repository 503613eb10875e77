import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Fault } from '../../src/simulator/faults.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startServer } from '../helpers/process.ts';
import { call } from './app.ts';
import { LeakSearch } from './leak-search.ts';

const TOKEN = `90_${randomBytes(96).toString('base64url')}`;

/** What a token call may come to, each for an account of its own. */
const FAILURES: readonly ((secret: string) => Omit<Fault, 'tokenCalls'>)[] = [
  () => ({ kind: 'hang' }),
  () => ({ kind: 'reset' }),
  () => ({ kind: 'reset-after-head' }),
  () => ({ kind: 'cut' }),
  () => ({ kind: 'server-error' }),
  () => ({ kind: 'html' }),
  () => ({ kind: 'empty' }),
  (secret) => answer({ errcode: 40125, errmsg: `invalid appsecret in ?appid=x&secret=${secret}` }),
  (secret) => answer({ errcode: 40125, errmsg: `invalid appsecret ${secret} rid: 1-2-3` }),
  (secret) => answer({ errcode: -1, errmsg: `{"secret":"${secret}","access_token": "${TOKEN}"}` }),
  () => answer({ errcode: 40001, errmsg: `invalid credential ${TOKEN}, not latest rid: 1-2-3` }),
  () => answer({ access_token: `${TOKEN} and more`, expires_in: 7200 }),
  () => answer({ access_token: [TOKEN], expires_in: 7200 }),
  () => ({ kind: 'answer', body: `${TOKEN} is no JSON` }),
  () => ({ kind: 'answer', status: 502, body: JSON.stringify({ access_token: TOKEN }) }),
  () => ({ kind: 'answer', status: 302, headers: { location: `/?access_token=${TOKEN}` } }),
];

for (const [tokenApi, format] of [
  ['token', 'json'],
  ['stable_token', 'pretty'],
] as const) {
  t.test(`no failure of a ${tokenApi} call shows a token or a secret (${format})`, async (t) => {
    const accounts = FAILURES.map((failure, index) => {
      const appsecret = randomBytes(16).toString('hex');
      const appid = `wx${index.toString(16).padStart(16, '0')}`;
      return { appid, appsecret, tokenApi, failure: failure(appsecret) };
    });
    const simulator = await startSimulator({
      accounts: Object.fromEntries(accounts.map(({ appid, appsecret }) => [appid, appsecret])),
    });
    t.teardown(() => simulator.stop());
    const server = await startServer(t, {
      WECHAT_APPID: undefined,
      WECHAT_APPSECRET: undefined,
      WXPROXY_ACCOUNTS_FILE: accountsFile(t, accounts),
      WXPROXY_UPSTREAM: simulator.url,
      WXPROXY_LOG_LEVEL: 'trace',
      WXPROXY_LOG_FORMAT: format,
      WXPROXY_TOKEN_TIMEOUT: '200ms',
    });
    const search = new LeakSearch();
    search.secret('a token', TOKEN);
    for (const { appid, appsecret, failure } of accounts) {
      search.secret('an AppSecret', appsecret);
      simulator.fault({ ...failure, tokenCalls: true });
      const { status, headers, body } = await call(`${server.url}/${appid}/wxa/order`);
      t.ok(status === 502 || status === 503, `${failure.kind}: ${status}`);
      search.output(`the answer to ${failure.kind}`, JSON.stringify([...headers]) + body);
    }
    t.equal(simulator.state().faults.length, 0, 'each happened');
    t.equal(simulator.counts.apiCalls, 0);
    for (const path of ['/', '/metrics']) {
      search.output(path, (await call(server.admin + path)).body);
    }
    server.kill('SIGTERM');
    const { code, stdout, stderr } = await server.exited;
    t.equal(code, 0);
    search.output('standard output', stdout);
    search.output('standard error', stderr);
    t.equal(
      stdout.split('token refresh failed').length - 1 >= accounts.length,
      true,
      'all are logged',
    );
    t.strictSame(search.found(), []);
  });
}

function answer(body: unknown): Fault {
  return { kind: 'answer', body: JSON.stringify(body) };
}

function accountsFile(
  t: Test,
  accounts: readonly { appid: string; appsecret: string; tokenApi: string }[],
): string {
  const folder = mkdtempSync(join(tmpdir(), 'wxproxy-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'accounts.json');
  const entries = accounts.map(({ appid, appsecret, tokenApi }) => ({
    appid,
    appsecret,
    tokenApi,
  }));
  writeFileSync(path, JSON.stringify(entries), { mode: 0o600 });
  return path;
}
