import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import { proxyAndSimulator } from '../helpers/proxy.ts';

const { appid, appsecret } = DEMO_ACCOUNT;

/** The calls that are good for one use, with what each needs. */
const ONCE = {
  '/sns/jscode2session?js_code=c1': 'GET',
  '/sns/oauth2/access_token?code=c1': 'GET',
  '/cgi-bin/clear_quota/v2': 'POST',
} as const;

t.test('a code exchange that WeChat answers with 40001 is not sent again', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  simulator.setSecret(appid, 'another one now');
  for (const errcode of [40001, 42001, 40014]) {
    for (const [path, method] of Object.entries(ONCE)) {
      const body = JSON.stringify({ errcode, errmsg: 'as WeChat says it' });
      simulator.fault({ kind: 'answer', body });
      simulator.reset('counts');
      const answer = await fetch(`${proxy.url}${path}`, { method });
      t.equal(await answer.text(), body, `${path} gets the answer as it is`);
      t.equal(simulator.requests.length, 1, `${path} was sent once`);
    }
  }
  t.equal(simulator.counts.tokenCalls, 0, 'and cost no token call');
  t.equal(await proxy.metric('replays_total'), 0);
  t.equal(await proxy.metric('token_rejections_total'), 0);
  t.equal(await proxy.metric('upstream_errcodes_total', { errcode: '40001' }), 3);
});

t.test('a code exchange is not sent again over a broken connection', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  const faults: readonly Fault[] = [
    { kind: 'reset' },
    { kind: 'reset', early: true },
    { kind: 'reset-after-head' },
    { kind: 'server-error' },
  ];
  for (const fault of faults) {
    for (const [path, method] of Object.entries(ONCE)) {
      // A connection that has carried a request before is where a resend would tempt.
      await (await fetch(`${proxy.url}/sns/auth?access_token=x`)).arrayBuffer();
      simulator.fault(fault);
      simulator.reset('counts');
      const answer = await fetch(`${proxy.url}${path}`, { method });
      t.equal(answer.ok, false, `${path} with ${fault.kind}: ${answer.status}`);
      const text = await answer.text();
      t.notOk(text.includes(appsecret), 'the secret is not in what is said of it');
      t.equal(simulator.requests.length, 1, `${path} with ${fault.kind} was sent once`);
    }
  }
  t.notOk(proxy.log.join('').includes(appsecret), 'nor in the log');
});

t.test("WeChat's refusal of a used code reaches the app unchanged", async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  const exchange = (code: string): Promise<Response> =>
    fetch(`${proxy.url}/sns/jscode2session?appid=${appid}&js_code=${code}`);
  t.match(await (await exchange('c1')).json(), { openid: /^o/ });
  t.match(await (await exchange('c1')).json(), { errcode: 40163 });
  t.match(await (await exchange('invalid')).json(), { errcode: 40029 });
  simulator.setSecret(appid, 'another one now');
  const wrong = await exchange('c2');
  t.equal(wrong.status, 200, 'as from WeChat');
  t.match(await wrong.json(), { errcode: 40125 });
});

t.test('an AppSecret that cannot be read is said, and the code stays unused', async (t) => {
  const second = 'wxfedcba9876543210';
  const folder = t.testdir({
    secret: appsecret,
    'accounts.json': JSON.stringify([{ appid: second, appsecretFile: 'secret' }]),
  });
  const env = { WXPROXY_ACCOUNTS_FILE: join(folder, 'accounts.json') };
  const accounts = { [appid]: appsecret, [second]: appsecret };
  const { proxy, simulator } = await proxyAndSimulator(t, env, { accounts });
  const exchange = (): Promise<Response> =>
    fetch(`${proxy.url}/sns/jscode2session?appid=${second}&js_code=c`);
  rmSync(join(folder, 'secret'));
  simulator.reset('counts');
  const answer = await exchange();
  t.equal(answer.status, 503);
  t.match(await answer.json(), { errcode: -1, errmsg: /cannot be read.*ERR_TOKEN_UNAVAILABLE/ });
  t.equal(simulator.requests.length, 0);
  writeFileSync(join(folder, 'secret'), appsecret);
  t.match(await (await exchange()).json(), { openid: String }, 'and it works once it can be');
});
