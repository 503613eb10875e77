import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { systemClock } from '../../src/token/clock.ts';
import { proxyAndSimulator, startProxy, until, untilReady } from '../helpers/proxy.ts';

const { appid, appsecret } = DEMO_ACCOUNT;
const KEY = 'a-client-key-of-some-length';
const ISSUE = { WXPROXY_TOKEN_ENDPOINTS: 'issue', WXPROXY_CLIENT_KEY: KEY };

type Ask = (secret: string, headers?: Record<string, string>) => Promise<Response>;

function askers(base: string): Readonly<Record<string, Ask>> {
  const query = (secret: string): string =>
    new URLSearchParams({ grant_type: 'client_credential', appid, secret }).toString();
  return {
    'GET /cgi-bin/token': (secret, headers = {}) =>
      fetch(`${base}/cgi-bin/token?${query(secret)}`, { headers }),
    'POST /cgi-bin/token': (secret, headers = {}) =>
      fetch(`${base}/cgi-bin/token?${query(secret)}`, { method: 'POST', headers }),
    'POST /cgi-bin/stable_token': (secret, headers = {}) =>
      fetch(`${base}/cgi-bin/stable_token`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ grant_type: 'client_credential', appid, secret }),
      }),
  };
}

t.test('the real token is issued to who proves itself, in the shape of WeChat', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t, ISSUE);
  const real = simulator.state().accounts[appid]?.stable_token.current?.value;
  for (const [name, ask] of Object.entries(askers(proxy.url))) {
    for (const [proof, answer] of [
      ['the client key as secret', await ask(KEY)],
      ['the client key as a header', await ask('none', { 'x-wxproxy-key': KEY })],
      ["the account's own AppSecret", await ask(appsecret)],
    ] as const) {
      t.equal(answer.status, 200, `${name}, ${proof}`);
      t.equal(answer.headers.get('cache-control'), 'no-store');
      const body = (await answer.json()) as Record<string, unknown>;
      t.strictSame(Object.keys(body), ['access_token', 'expires_in']);
      t.equal(body['access_token'], real);
    }
  }
  t.equal(simulator.counts.tokenCalls, 1, "only the proxy's own");
  t.equal(await proxy.metric('token_endpoint_calls_total', { outcome: 'issued', appid }), 9);
});

t.test('who proves nothing gets no token', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t, ISSUE);
  const real = simulator.state().accounts[appid]?.stable_token.current?.value as string;
  for (const [name, ask] of Object.entries(askers(proxy.url))) {
    for (const answer of [
      await ask(''),
      await ask('wrong'),
      await ask('wrong', { 'x-wxproxy-key': 'wrong' }),
      // A header that is wrong is not forgiven for the sake of a right secret.
      await ask(KEY, { 'x-wxproxy-key': 'wrong' }),
    ]) {
      t.equal(answer.status, 401, name);
      const text = await answer.text();
      t.match(JSON.parse(text), { errcode: 401, errmsg: /ERR_CLIENT_KEY/ });
      t.notOk(text.includes(real) || text.includes(appsecret) || text.includes(KEY));
    }
  }
  t.equal(await proxy.metric('requests_refused_total', { reason: 'client_key' }), 12);
});

t.test('an AppSecret is proof on token endpoints only, and of its own account only', async (t) => {
  const other = { appid: 'wxfedcba9876543210', appsecret: 'fedcba9876543210fedcba9876543210' };
  const file = t.testdir({ 'accounts.json': JSON.stringify([other]) });
  const { proxy } = await proxyAndSimulator(
    t,
    { ...ISSUE, WXPROXY_ACCOUNTS_FILE: `${file}/accounts.json` },
    { accounts: { [appid]: appsecret, [other.appid]: other.appsecret } },
  );
  const get = async (path: string): Promise<number> => {
    const answer = await fetch(`${proxy.url}${path}`);
    await answer.arrayBuffer();
    return answer.status;
  };
  t.equal(await get(`/cgi-bin/token?appid=${other.appid}&secret=${other.appsecret}`), 200);
  t.equal(await get(`/cgi-bin/token?appid=${other.appid}&secret=${appsecret}`), 401);
  t.equal(await get(`/cgi-bin/token?appid=${appid}&secret=${other.appsecret}`), 401);
  t.equal(await get(`/sns/jscode2session?appid=${appid}&secret=${appsecret}&js_code=1`), 401);
  t.equal(await get(`/cgi-bin/user/get?secret=${appsecret}`), 401);
});

/** A proxy and a simulator whose time passes only when told. */
async function withClock(t: Test, env: Record<string, string>) {
  let nowMs = Date.UTC(2026, 0, 1);
  const simulator = await startSimulator({ now: () => nowMs });
  t.teardown(() => simulator.stop());
  const clock = { ...systemClock, now: () => nowMs, monotonic: () => nowMs };
  const proxy = await startProxy(t, { upstream: simulator.url, env, clock });
  await untilReady(proxy);
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { proxy, simulator, pass };
}

t.test('a token is issued with the life that it has left', async (t) => {
  const { proxy, pass } = await withClock(t, ISSUE);
  const ask = askers(proxy.url)['GET /cgi-bin/token'] as Ask;
  t.match(await (await ask(KEY)).json(), { expires_in: 7200 });
  pass(1000_500);
  t.match(await (await ask(KEY)).json(), { expires_in: 6199 }, 'rounded down');
  pass(5000_000);
  t.match(await (await ask(KEY)).json(), { expires_in: 1199 });
});

t.test('a token issued earlier works while the proxy has another one', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t, ISSUE);
  const ask = askers(proxy.url)['POST /cgi-bin/stable_token'] as Ask;
  const { access_token } = (await (await ask(KEY)).json()) as { access_token: string };
  simulator.rotate();
  const call = await fetch(`${proxy.url}/cgi-bin/user/get?access_token=${access_token}`, {
    headers: { 'x-wxproxy-key': KEY },
  });
  t.match(await call.json(), { total: 2 }, 'whatever token came, ours went');
});

t.test(
  'while a bad token is being replaced, who keeps a token waits for the new one',
  async (t) => {
    const { proxy, simulator } = await proxyAndSimulator(t, {
      ...ISSUE,
      WXPROXY_REPLAY_BODY_LIMIT: '1KiB',
    });
    const headers = { 'x-wxproxy-key': KEY };
    const bad = simulator.state().accounts[appid]?.stable_token.current?.value;
    simulator.rotate();
    simulator.fault({ kind: 'hold', path: '/cgi-bin/stable_token' });
    const rejected = fetch(`${proxy.url}/wxa/order`, { headers });
    await until(() => simulator.state().held === 1, 'the token call that follows is held up');

    const issued: string[] = [];
    const asked = Object.values(askers(proxy.url)).map(async (ask) => {
      issued.push(((await (await ask(KEY)).json()) as { access_token: string }).access_token);
    });
    const inFlight = (count: number): Promise<void> =>
      until(
        async () => (await proxy.metric('requests_in_flight', {})) === count,
        `${count} in flight`,
      );
    await inFlight(1 + asked.length);
    const startedMs = performance.now();
    const upload = await fetch(`${proxy.url}/cgi-bin/media/upload`, {
      method: 'POST',
      headers,
      body: 'x'.repeat(2000),
    });
    t.match(await upload.json(), { errcode: 40001 }, 'an upload goes out with what there is');
    const waitedMs = Math.round(performance.now() - startedMs);
    t.ok(waitedMs > 500 && waitedMs < 3000, `about a second: ${waitedMs} ms`);
    await delay(200);
    t.strictSame(issued, [], 'a bad token is given to nobody');

    simulator.release();
    await Promise.all(asked);
    const real = simulator.state().accounts[appid]?.stable_token.current?.value;
    t.not(real, bad);
    t.strictSame(issued, [real, real, real]);
    t.equal((await rejected).status, 200);
  },
);
