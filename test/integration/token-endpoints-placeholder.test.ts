import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { proxyAndSimulator, startProxy } from '../helpers/proxy.ts';

const { appid } = DEMO_ACCOUNT;
const QUERY = `grant_type=client_credential&appid=${appid}&secret=whatever-the-app-has`;
const STATED = { grant_type: 'client_credential', appid, secret: 'whatever-the-app-has' };

interface TokenAnswer {
  readonly access_token: string;
  readonly expires_in: number;
}

/** The ways SDKs ask for a token, below a base URL. */
const ASKING: Readonly<Record<string, (base: string) => Promise<Response>>> = {
  'GET /cgi-bin/token': (base) => fetch(`${base}/cgi-bin/token?${QUERY}`),
  'POST /cgi-bin/token': (base) => fetch(`${base}/cgi-bin/token?${QUERY}`, { method: 'POST' }),
  'POST /cgi-bin/stable_token': (base) =>
    fetch(`${base}/cgi-bin/stable_token`, { method: 'POST', body: JSON.stringify(STATED) }),
  'POST /cgi-bin/stable_token with force_refresh': (base) =>
    fetch(`${base}/cgi-bin/stable_token`, {
      method: 'POST',
      body: JSON.stringify({ ...STATED, force_refresh: true }),
    }),
  'a differently spelled path': (base) => fetch(`${base}/CGI-bin//Token/?${QUERY}`),
};

async function placeholderFrom(base: string): Promise<string> {
  const answer = await fetch(`${base}/cgi-bin/token?${QUERY}`);
  return ((await answer.json()) as TokenAnswer).access_token;
}

t.test('every way to ask for a token is answered here, in the shape of WeChat', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  const before = simulator.requests.length;
  for (const [name, ask] of Object.entries(ASKING)) {
    const answer = await ask(proxy.url);
    const body = (await answer.json()) as TokenAnswer;
    t.equal(answer.status, 200, name);
    t.match(answer.headers.get('content-type'), /^application\/json/);
    t.strictSame(Object.keys(body), ['access_token', 'expires_in'], `no errcode: ${name}`);
    t.equal(body.expires_in, 7200);
    t.match(body.access_token, /^[A-Za-z0-9_-]{33,512}$/, name);
    t.equal(body.access_token, await placeholderFrom(proxy.url), `the same for ${name}`);
  }
  t.equal(simulator.requests.length, before, 'nothing was sent upstream');
  const labels = { outcome: 'placeholder', appid };
  t.equal(await proxy.metric('token_endpoint_calls_total', { ...labels, endpoint: 'token' }), 8);
  t.equal(
    await proxy.metric('token_endpoint_calls_total', { ...labels, endpoint: 'stable_token' }),
    2,
  );
});

t.test('a placeholder is no token: it holds neither the real one nor the secret', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  const placeholder = await placeholderFrom(proxy.url);
  const real = simulator.state().accounts[appid]?.stable_token.current?.value as string;
  t.not(placeholder, real);
  t.notOk(placeholder.includes(DEMO_ACCOUNT.appsecret));
  const straight = await fetch(
    `${simulator.url}/cgi-bin/getcallbackip?access_token=${placeholder}`,
  );
  t.match(await straight.json(), { errcode: 40001 });
});

t.test('a placeholder is the same after a restart and on every replica', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  const replica = await startProxy(t, { upstream: simulator.url });
  const first = await placeholderFrom(proxy.url);
  t.equal(await placeholderFrom(replica.url), first);
  await proxy.stop();
  const restarted = await startProxy(t, { upstream: simulator.url });
  t.equal(await placeholderFrom(restarted.url), first);
  const call = await fetch(`${restarted.url}/cgi-bin/user/get?access_token=${first}`);
  t.match(await call.json(), { total: 2 }, 'what the app has cached still works');
});

t.test('with a client key a placeholder is its proof, on every replica', async (t) => {
  const key = 'a-client-key-of-some-length';
  const { proxy, simulator } = await proxyAndSimulator(t, { WXPROXY_CLIENT_KEY: key });
  const replica = await startProxy(t, {
    upstream: simulator.url,
    env: { WXPROXY_CLIENT_KEY: key },
  });
  const get = (base: string, query = ''): Promise<Response> =>
    fetch(`${base}/cgi-bin/token?grant_type=client_credential&appid=${appid}${query}`);

  for (const query of ['', '&secret=', '&secret=wrong', `&secret=${DEMO_ACCOUNT.appsecret}`]) {
    const refused = await get(proxy.url, query);
    t.equal(refused.status, 401, query);
    t.match(await refused.json(), { errcode: 401, errmsg: /ERR_CLIENT_KEY/ });
  }
  const granted = await get(proxy.url, `&secret=${key}`);
  t.equal(granted.status, 200);
  const { access_token } = (await granted.json()) as TokenAnswer;
  t.notOk(access_token.includes(key), 'the key is not in it');
  for (const base of [proxy.url, replica.url]) {
    const call = await fetch(`${base}/cgi-bin/user/get?access_token=${access_token}`);
    t.match(await call.json(), { total: 2 });
  }
  const keyless = await startProxy(t, { upstream: simulator.url });
  const guessed = await placeholderFrom(keyless.url);
  t.not(guessed, access_token, 'without the key another one is made');
  for (const value of [guessed, `${access_token.slice(0, -1)}!`, 'x', '']) {
    const refused = await fetch(`${proxy.url}/cgi-bin/user/get?access_token=${value}`);
    t.equal(refused.status, 401, value);
    await refused.arrayBuffer();
  }
});

t.test('an account that is only asked for a placeholder has no series, and no place', async (t) => {
  const accounts = Array.from({ length: 200 }, (_, i) => ({
    appid: `wx${i.toString(16).padStart(16, '0')}`,
    appsecret: DEMO_ACCOUNT.appsecret,
  }));
  const file = `${t.testdir({ 'accounts.json': JSON.stringify(accounts) })}/accounts.json`;
  const env = { WXPROXY_ACCOUNTS_FILE: file };
  const { proxy } = await proxyAndSimulator(t, env);
  const seriesCount = async (): Promise<number> =>
    (await (await fetch(`${proxy.admin}/metrics`)).text())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#')).length;
  await ASKING['GET /cgi-bin/token']?.(`${proxy.url}/${accounts[0]?.appid}`);
  const before = await seriesCount();
  const given = new Set<string>();
  for (const { appid: other } of accounts)
    given.add(await placeholderFrom(`${proxy.url}/${other}`));
  t.equal(given.size, accounts.length, 'each gets its own');
  t.equal(await seriesCount(), before, 'and not one series more');
  t.equal(
    await proxy.metric('token_endpoint_calls_total', { appid: 'none', outcome: 'placeholder' }),
    accounts.length + 1,
    'they are counted together',
  );
  const status = (await (await fetch(`${proxy.admin}/status.json`)).json()) as {
    readonly accounts: readonly { readonly appid: string }[];
  };
  t.strictSame(
    status.accounts.map((account) => account.appid),
    [appid],
    'none of them is in use',
  );
  await fetch(`${proxy.url}/${accounts[7]?.appid}/cgi-bin/getcallbackip`);
  await placeholderFrom(`${proxy.url}/${accounts[7]?.appid}`);
  t.equal(
    await proxy.metric('token_endpoint_calls_total', {
      appid: String(accounts[7]?.appid),
      outcome: 'placeholder',
    }),
    1,
    'one in use has its own count',
  );
  t.match(
    proxy.log.findLast((line) => line.includes('"token-endpoint"')),
    accounts[7]?.appid,
  );
});
