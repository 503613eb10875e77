import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { proxyAndSimulator } from '../helpers/proxy.ts';

const FIRST = DEMO_ACCOUNT.appid;
const SECOND = 'wxfedcba9876543210';
const UNKNOWN = 'wx00000000000000ff';
const SECRET = 'fedcba9876543210fedcba9876543210';

/** A proxy with two accounts, the first one the default. */
async function twoAccounts(t: Test, env: Readonly<Record<string, string>> = {}) {
  const accounts = t.testdir({
    'accounts.json': JSON.stringify([{ appid: SECOND, appsecret: SECRET }]),
  });
  const { proxy, simulator } = await proxyAndSimulator(
    t,
    { WXPROXY_ACCOUNTS_FILE: `${accounts}/accounts.json`, ...env },
    { accounts: { [FIRST]: DEMO_ACCOUNT.appsecret, [SECOND]: SECRET } },
  );
  /** Whose token the last request that arrived carried. */
  const owner = (): string | undefined => {
    const url = simulator.requests.at(-1)?.url ?? '';
    const value = new URL(url, simulator.url).searchParams.get('access_token');
    return Object.entries(simulator.state().accounts).find(
      ([, { stable_token }]) => stable_token.current?.value === value,
    )?.[0];
  };
  const call = async (path: string, headers: Record<string, string> = {}): Promise<Response> => {
    const answer = await fetch(`${proxy.url}${path}`, { headers });
    await answer.clone().arrayBuffer();
    return answer;
  };
  const placeholderOf = async (appid: string): Promise<string> => {
    const answer = await fetch(`${proxy.url}/cgi-bin/token?appid=${appid}&secret=any`);
    return ((await answer.json()) as { readonly access_token: string }).access_token;
  };
  return { proxy, simulator, owner, call, placeholderOf };
}

t.test('a placeholder reaches its own account, though the base URL is the same', async (t) => {
  const { simulator, owner, call, placeholderOf } = await twoAccounts(t);
  const [first, second] = [await placeholderOf(FIRST), await placeholderOf(SECOND)];
  t.not(first, second);
  for (const [placeholder, appid] of [
    [first, FIRST],
    [second, SECOND],
    [first, FIRST],
  ] as const) {
    await call(`/cgi-bin/user/info?openid=o1&access_token=${placeholder}&lang=zh_CN`);
    t.equal(owner(), appid);
    const { url } = simulator.requests.at(-1) as { readonly url: string };
    t.match(url, /^\/cgi-bin\/user\/info\?openid=o1&lang=zh_CN&access_token=[^&]+$/);
    t.notOk(url.includes(placeholder), 'the placeholder stays here');
  }
});

t.test('a placeholder is found in a mangled value too', async (t) => {
  const { owner, call, placeholderOf } = await twoAccounts(t);
  const second = await placeholderOf(SECOND);
  for (const value of [`n=${second}`, `n%3D${second}`, `%20${second}%20`, `"${second}"`]) {
    const answer = await call(`/cgi-bin/wxaapp/createwxaqrcode?access_token=${value}`);
    t.equal(answer.status, 200, value);
    t.equal(owner(), SECOND, value);
  }
});

t.test('of several access_tokens the one that is a placeholder decides', async (t) => {
  const { simulator, owner, call, placeholderOf } = await twoAccounts(t);
  const second = await placeholderOf(SECOND);
  await call(`/cgi-bin/user/get?access_token=x&access_token=${second}&access%5Ftoken=y`);
  t.equal(owner(), SECOND);
  t.match(simulator.requests.at(-1)?.url, /^\/cgi-bin\/user\/get\?access_token=[^&]+$/);
});

t.test('path prefix, header, placeholder, then default: the first one there is', async (t) => {
  const { simulator, owner, call, placeholderOf } = await twoAccounts(t);
  const [first, second] = [await placeholderOf(FIRST), await placeholderOf(SECOND)];
  const header = (appid: string) => ({ 'x-wechat-appid': appid });
  const path = '/cgi-bin/user/get';
  for (const [what, url, headers, appid] of [
    ['nothing', path, {}, FIRST],
    ['a token that is no placeholder', `${path}?access_token=anything`, {}, FIRST],
    ['placeholder', `${path}?access_token=${second}`, {}, SECOND],
    ['header', path, header(SECOND), SECOND],
    ['header over placeholder', `${path}?access_token=${first}`, header(SECOND), SECOND],
    ['prefix', `/${SECOND}${path}`, {}, SECOND],
    ['prefix over header', `/${SECOND}${path}`, header(FIRST), SECOND],
    ['prefix over placeholder', `/${SECOND}${path}?access_token=${first}`, {}, SECOND],
    ['the default may be named', `/${FIRST}${path}?access_token=${second}`, {}, FIRST],
  ] as const) {
    const answer = await call(url, headers);
    t.equal(answer.status, 200, what);
    t.equal(owner(), appid, what);
    const arrived = simulator.requests.at(-1);
    t.match(arrived?.url, /^\/cgi-bin\/user\/get\?access_token=/, `${what}: without the prefix`);
    t.notOk(
      arrived?.rawHeaders.some((name) => name.toLowerCase() === 'x-wechat-appid'),
      `${what}: without the header`,
    );
  }
  t.equal(simulator.counts.tokenCalls, 2, 'one token for each');
});

t.test('a token endpoint answers for the appid of its query or JSON body', async (t) => {
  const { proxy, placeholderOf } = await twoAccounts(t);
  const second = await placeholderOf(SECOND);
  const post = async (body: string, path = '/cgi-bin/stable_token'): Promise<unknown> => {
    const answer = await fetch(`${proxy.url}${path}`, { method: 'POST', body });
    return ((await answer.json()) as { readonly access_token: unknown }).access_token;
  };
  t.equal(await post(JSON.stringify({ appid: SECOND, secret: 'any' })), second);
  t.equal(await post('', `/cgi-bin/stable_token?appid=${SECOND}`), second);
  t.equal(await post('', `/cgi-bin/token?appid=${SECOND}`), second);
  t.equal(await post('{}', `/${SECOND}/cgi-bin/stable_token`), second);
  const chunked = await fetch(`${proxy.url}/cgi-bin/stable_token`, {
    method: 'POST',
    body: new Blob([JSON.stringify({ appid: SECOND })]).stream(),
    duplex: 'half',
  });
  t.match(await chunked.json(), { access_token: second }, 'a chunked body as well');
  t.equal(await post(`grant_type=client_credential&appid=${SECOND}`), second, 'a form as well');
  const first = await placeholderOf(FIRST);
  for (const body of ['{}', '', 'grant_type=client_credential']) {
    t.equal(await post(body), first, `the default for ${body}`);
  }
});

t.test('a token endpoint whose body cannot be read answers for nobody', async (t) => {
  const { proxy } = await twoAccounts(t);
  for (const path of ['/cgi-bin/token', '/cgi-bin/stable_token']) {
    for (const body of ['no json', '[]', 'null', '{"appid":7}', `{"appid":"${SECOND}"`]) {
      const answer = await fetch(`${proxy.url}${path}`, { method: 'POST', body });
      t.equal(answer.status, 400, `${path} ${body}`);
    }
  }
});

t.test('a stand-in of an account that is gone never goes out as another account', async (t) => {
  const { proxy, simulator, placeholderOf } = await twoAccounts(t);
  const before = simulator.counts.apiCalls;
  const gone = (await placeholderOf(SECOND)).replace(SECOND, UNKNOWN);
  for (const value of [gone, `n=${gone}`, gone.replaceAll('-', '%2D'), `%77${gone.slice(1)}`]) {
    const answer = await fetch(`${proxy.url}/cgi-bin/getcallbackip?access_token=${value}`);
    t.equal(answer.status, 404, value.replace(gone, '…'));
  }
  t.equal(simulator.counts.apiCalls, before, 'nothing went upstream');
});

t.test('an account that is not there is answered 404, and nothing goes upstream', async (t) => {
  const { proxy, simulator, call, placeholderOf } = await twoAccounts(t);
  const foreign = (await placeholderOf(SECOND)).replace(SECOND, UNKNOWN);
  const before = simulator.requests.length;
  for (const [what, answer] of [
    ['prefix', await call(`/${UNKNOWN}/cgi-bin/user/get`)],
    ['header', await call('/cgi-bin/user/get', { 'x-wechat-appid': UNKNOWN })],
    ['placeholder', await call(`/cgi-bin/user/get?access_token=${foreign}`)],
    ['token endpoint', await call(`/cgi-bin/token?appid=${UNKNOWN}&secret=any`)],
    ['code exchange', await call(`/sns/jscode2session?appid=${UNKNOWN}&js_code=1`)],
  ] as const) {
    t.equal(answer.status, 404, what);
    t.equal(answer.headers.get('x-wxproxy-error'), 'ERR_ACCOUNT_UNKNOWN', what);
    t.match(await answer.json(), { errcode: 404, errmsg: new RegExp(UNKNOWN) }, what);
  }
  t.equal(simulator.requests.length, before);
  t.equal(await proxy.metric('requests_refused_total', { reason: 'account_unknown' }), 5);
});

t.test('accounts are renewed apart: a rotation of one leaves the other alone', async (t) => {
  const { simulator, call, placeholderOf } = await twoAccounts(t);
  const [first, second] = [await placeholderOf(FIRST), await placeholderOf(SECOND)];
  const both = () =>
    Promise.all([first, second].map((value) => call(`/cgi-bin/user/get?access_token=${value}`)));
  await both();
  simulator.rotate({ appid: SECOND });
  for (const answer of await both()) t.match(await answer.json(), { total: 2 });
  t.match(simulator.counts.accounts, {
    [FIRST]: { token: 0, stableNormal: 1, stableForced: 0 },
    [SECOND]: { token: 0, stableForced: 0 },
  });
  t.equal(simulator.counts.rejectedCalls, 1);
});

t.test('an account is asked for nothing before its first use', async (t) => {
  const { simulator, placeholderOf } = await twoAccounts(t);
  await placeholderOf(SECOND);
  t.strictSame(simulator.counts.accounts[SECOND], { token: 0, stableNormal: 0, stableForced: 0 });
});
