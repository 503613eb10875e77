import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { proxyAndSimulator } from '../helpers/proxy.ts';

const { appid, appsecret } = DEMO_ACCOUNT;
const SECOND = 'wxfedcba9876543210';
const SECRET = 'fedcba9876543210fedcba9876543210';

t.test('a login code is exchanged for an app that holds no secret', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  for (const [name, query] of [
    ['nothing of the account', 'js_code=c1&grant_type=authorization_code'],
    ['only the appid', `appid=${appid}&js_code=c2&grant_type=authorization_code`],
    ['a made-up secret', `appid=${appid}&secret=made-up&js_code=c3`],
    ['an appid after the code', `js_code=c4&secret=&appid=${appid}`],
    ['a stray access_token', `access_token=stray&js_code=c5&appid=${appid}`],
    ['doubled parameters', `secret=a&appid=${appid}&secret=b&js_code=c6&appid=other`],
    ['disguised parameters', `s%65cret=a&js_code=c7&%61ppid=${appid}&access%5Ftoken=x`],
  ] as const) {
    const answer = await fetch(`${proxy.url}/sns/jscode2session?${query}`);
    t.match(await answer.json(), { openid: /^o/, session_key: String }, name);
    const sent = new URL(simulator.requests.at(-1)?.url ?? '', simulator.url).searchParams;
    t.strictSame(sent.getAll('appid'), [appid], name);
    t.strictSame(sent.getAll('secret'), [appsecret], name);
    t.equal(sent.has('access_token'), false, name);
  }
});

t.test('what is not replaced keeps its bytes and its order', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  const query = `appid=${appid}&b=%E4%BD%A0+%2B&secret=x&js_code=a%2Fb%3D&a=1&a=2&empty=&flag`;
  await (await fetch(`${proxy.url}/sns/jscode2session?${query}`)).arrayBuffer();
  t.equal(
    simulator.requests.at(-1)?.url,
    `/sns/jscode2session?b=%E4%BD%A0+%2B&js_code=a%2Fb%3D&a=1&a=2&empty=&flag&appid=${appid}&secret=${appsecret}`,
  );
});

t.test('an OAuth code is exchanged, and the user token goes on untouched', async (t) => {
  const { proxy } = await proxyAndSimulator(t);
  const exchanged = await fetch(
    `${proxy.url}/sns/oauth2/access_token?appid=${appid}&secret=none&code=c1&grant_type=authorization_code`,
  );
  const grant = (await exchanged.json()) as Record<string, string>;
  const { access_token, openid, refresh_token } = grant;
  t.match(access_token, /^[\w-]{33,}$/);
  const user = await fetch(
    `${proxy.url}/sns/userinfo?access_token=${access_token}&openid=${openid}&lang=zh_CN`,
  );
  t.match(await user.json(), { openid, nickname: '模拟用户' });
  const valid = await fetch(`${proxy.url}/sns/auth?access_token=${access_token}&openid=${openid}`);
  t.match(await valid.json(), { errcode: 0 });
  const again = await fetch(
    `${proxy.url}/sns/oauth2/refresh_token?appid=${appid}&grant_type=refresh_token&refresh_token=${refresh_token}`,
  );
  t.match(await again.json(), { openid, access_token: String });
});

t.test('clear_quota/v2 gets its secret where the app put one, else in the query', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  const path = '/cgi-bin/clear_quota/v2';
  const ours = `appid=${appid}&appsecret=${appsecret}`;
  for (const [name, query, body, wantedQuery, wantedBody] of [
    ['query', `?appid=${appid}&appsecret=none`, undefined, `?${ours}`, undefined],
    ['query, no secret', `?appid=${appid}&a=1`, undefined, `?a=1&${ours}`, undefined],
    ['nowhere', '', undefined, `?${ours}`, undefined],
    ['JSON body', '', { appid, appsecret: 'none' }, '', { appid, appsecret }],
    ['JSON body, more in it', '', { appsecret: '', x: [1] }, '', { x: [1], appid, appsecret }],
    ['JSON body, no secret', '', { appid }, `?${ours}`, { appid }],
    ['both', `?appid=${appid}&appsecret=y&a=1`, { appsecret: 'z' }, '?a=1', { appid, appsecret }],
  ] as const) {
    const answer = await fetch(`${proxy.url}${path}${query}`, {
      method: 'POST',
      body: body === undefined ? '' : JSON.stringify(body),
    });
    t.match(await answer.json(), { errcode: 0, errmsg: 'ok' }, name);
    const { url = '', bodyText } = simulator.requests.at(-1) ?? {};
    t.equal(url.replace(/\?$/, ''), `${path}${wantedQuery}`, name);
    t.strictSame(bodyText && JSON.parse(bodyText), wantedBody, name);
  }
  t.equal(simulator.counts.tokenCalls, 1);
});

t.test('a code is exchanged with the account that the call names', async (t) => {
  const accounts = t.testdir({
    'accounts.json': JSON.stringify([{ appid: SECOND, appsecret: SECRET }]),
  });
  const { proxy, simulator } = await proxyAndSimulator(
    t,
    { WXPROXY_ACCOUNTS_FILE: `${accounts}/accounts.json` },
    { accounts: { [appid]: appsecret, [SECOND]: SECRET } },
  );
  const openidOf = async (path: string, headers = {}): Promise<unknown> => {
    const answer = await fetch(`${proxy.url}${path}`, { headers });
    return ((await answer.json()) as { readonly openid: unknown }).openid;
  };
  // The simulator makes the openid from appid and code alone.
  const wanted = await openidOf(`/sns/jscode2session?appid=${SECOND}&js_code=c`);
  simulator.reset();
  const path = '/sns/jscode2session?js_code=c';
  t.equal(await openidOf(`/${SECOND}${path}`), wanted, 'by path prefix');
  simulator.reset();
  t.equal(await openidOf(path, { 'x-wechat-appid': SECOND }), wanted, 'by header');
  simulator.reset();
  t.equal(
    await openidOf(`/${SECOND}${path}&appid=${appid}&secret=x`),
    wanted,
    'the prefix, whatever the query says',
  );
  simulator.reset();
  t.not(await openidOf(path), wanted, 'the default');
  t.equal(simulator.counts.tokenCalls, 0, 'no token is needed for it');
});

t.test('with a client key a code exchange shows it as its secret', async (t) => {
  const key = 'a-client-key-of-some-length';
  const { proxy, simulator } = await proxyAndSimulator(t, { WXPROXY_CLIENT_KEY: key });
  const exchange = (secret: string, headers = {}): Promise<Response> =>
    fetch(`${proxy.url}/sns/jscode2session?appid=${appid}&secret=${secret}&js_code=c`, { headers });
  const before = simulator.requests.length;
  for (const secret of ['', 'wrong', appsecret]) {
    const refused = await exchange(secret);
    t.equal(refused.status, 401);
    t.notOk((await refused.text()).includes(appsecret));
  }
  t.equal(simulator.requests.length, before, 'nothing went upstream, the code is unused');
  t.match(await (await exchange(key)).json(), { openid: /^o/ });
  const quota = await fetch(`${proxy.url}/cgi-bin/clear_quota/v2`, {
    method: 'POST',
    body: JSON.stringify({ appid, appsecret: key }),
  });
  t.match(await quota.json(), { errcode: 0 });
  for (const { url, bodyText = '' } of simulator.requests) {
    t.notOk(`${url} ${bodyText}`.includes(key), 'the key stays here');
  }
});
