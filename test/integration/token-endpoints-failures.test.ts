import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startProxy, until } from '../helpers/proxy.ts';

const { appid } = DEMO_ACCOUNT;
const KEY = 'a-client-key-of-some-length';
const ISSUE = { WXPROXY_TOKEN_ENDPOINTS: 'issue', WXPROXY_CLIENT_KEY: KEY };

/** Both token endpoints, asked with the client key as the secret. */
function askBoth(base: string, as: string = appid): Promise<Response[]> {
  return Promise.all([
    fetch(`${base}/cgi-bin/token?grant_type=client_credential&appid=${as}&secret=${KEY}`),
    fetch(`${base}/cgi-bin/stable_token`, {
      method: 'POST',
      body: JSON.stringify({ grant_type: 'client_credential', appid: as, secret: KEY }),
    }),
  ]);
}

async function proxyOf(
  t: Test,
  prepare: (simulator: Awaited<ReturnType<typeof startSimulator>>) => void,
  env: Readonly<Record<string, string>> = ISSUE,
) {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  prepare(simulator);
  return { simulator, proxy: await startProxy(t, { upstream: simulator.url, env }) };
}

// SDKs take a 2xx for a token, find none in it, and ask again without end.

t.test('an unknown appid is answered 404, whatever the mode', async (t) => {
  for (const env of [ISSUE, { WXPROXY_CLIENT_KEY: KEY }]) {
    const { proxy, simulator } = await proxyOf(t, () => {}, env);
    for (const answer of await askBoth(proxy.url, 'wx00000000000000ff')) {
      t.equal(answer.status, 404);
      t.equal(answer.headers.get('x-wxproxy-error'), 'ERR_ACCOUNT_UNKNOWN');
      t.match(await answer.json(), { errcode: 404, errmsg: /wx00000000000000ff/ });
    }
    t.ok(simulator.counts.tokenCalls <= 1, "none but the default account's own");
  }
});

t.test("refused credentials are answered 502 with WeChat's own errcode and text", async (t) => {
  const { proxy, simulator } = await proxyOf(t, (wechat) => wechat.set({ ipRefused: true }));
  await until(async () => simulator.counts.tokenCallsRefused === 1, 'the first token call');
  for (const answer of (
    await Promise.all([askBoth(proxy.url), askBoth(proxy.url), askBoth(proxy.url)])
  ).flat()) {
    t.equal(answer.status, 502);
    t.equal(answer.headers.get('x-wxproxy-error'), 'ERR_TOKEN_REFUSED');
    const text = await answer.text();
    t.match(JSON.parse(text), { errcode: 40164, errmsg: /invalid ip 127\.0\.0\.1/ });
    t.notOk(text.includes(DEMO_ACCOUNT.appsecret) || text.includes(KEY));
  }
  t.equal(simulator.counts.tokenCalls, 1, 'asking again asks WeChat nothing');
});

t.test('no token for now is answered 503 with Retry-After and errcode -1', async (t) => {
  const { proxy, simulator } = await proxyOf(t, (wechat) =>
    wechat.refuseTokens({ errcode: -1, count: 'forever' }),
  );
  await until(async () => simulator.counts.tokenCallsRefused === 1, 'the first token call');
  for (const answer of await askBoth(proxy.url)) {
    t.equal(answer.status, 503);
    t.match(answer.headers.get('retry-after'), /^\d+$/);
    t.match(await answer.json(), { errcode: -1, errmsg: /ERR_TOKEN_UNAVAILABLE/ });
  }
  t.equal(await proxy.metric('token_endpoint_calls_total', { outcome: 'failed' }), 2);
});

t.test('a placeholder is given while WeChat gives no token: the SDK need not notice', async (t) => {
  const { proxy } = await proxyOf(t, (wechat) => wechat.set({ ipRefused: true }), {
    WXPROXY_CLIENT_KEY: KEY,
  });
  for (const answer of await askBoth(proxy.url)) {
    t.equal(answer.status, 200);
    t.match(await answer.json(), { access_token: /^wxp-/, expires_in: 7200 });
  }
});

t.test('a call without an appid, and no default account, is answered 404', async (t) => {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const accounts = t.testdir({
    'accounts.json': JSON.stringify([
      { appid: 'wxaaaaaaaaaaaaaaaa', appsecret: 'a'.repeat(32) },
      { appid: 'wxbbbbbbbbbbbbbbbb', appsecret: 'b'.repeat(32) },
    ]),
  });
  const proxy = await startProxy(t, {
    upstream: simulator.url,
    env: {
      WECHAT_APPID: undefined,
      WECHAT_APPSECRET: undefined,
      WXPROXY_ACCOUNTS_FILE: `${accounts}/accounts.json`,
    },
  });
  for (const path of ['/cgi-bin/token', '/cgi-bin/stable_token', '/cgi-bin/user/get']) {
    const answer = await fetch(`${proxy.url}${path}`, { method: 'POST', body: '{}' });
    t.equal(answer.status, 404, path);
    t.match(await answer.json(), { errcode: 404, errmsg: /ERR_ACCOUNT_UNKNOWN/ });
  }
  t.equal(simulator.requests.length, 0);
});

t.test('a body too large for credentials is answered 413', async (t) => {
  const { proxy, simulator } = await proxyOf(t, () => {});
  const answer = await fetch(`${proxy.url}/cgi-bin/stable_token`, {
    method: 'POST',
    body: JSON.stringify({ appid, secret: KEY, more: 'x'.repeat(70_000) }),
  });
  t.equal(answer.status, 413);
  t.match(await answer.json(), { errcode: 413 });
  t.ok(simulator.counts.tokenCalls <= 1);
});
