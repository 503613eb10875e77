import t from 'tap';
import { DEMO_ACCOUNT } from '../../../src/simulator/demo-account.ts';
import { CREDENTIALS, desk } from './client.ts';

const { appid, appsecret } = DEMO_ACCOUNT;

t.test('a js_code works once', async (t) => {
  const { get } = await desk(t);
  const path = `/sns/jscode2session?${CREDENTIALS}&js_code=c1&grant_type=authorization_code`;
  const first = await get(path);
  t.equal(first.headers['content-type'], 'text/plain');
  t.match(first.json, { openid: /^o.{27}$/, session_key: String });
  const second = (await get(path)).json;
  t.equal(second['errcode'], 40163);
  t.match(second['errmsg'], /^code been used rid: /);
});

t.test('a code exchange checks appid, secret and code', async (t) => {
  const { get } = await desk(t);
  for (const [query, errcode] of [
    ['js_code=c', 41002],
    ['appid=wx0&secret=x&js_code=c', 40013],
    [`appid=${appid}&secret=x&js_code=c`, 40125],
    [CREDENTIALS, 41008],
    [`${CREDENTIALS}&js_code=invalid1`, 40029],
  ] as const) {
    t.equal((await get(`/sns/jscode2session?${query}`)).json['errcode'], errcode);
  }
  t.match((await get(`/sns/jscode2session?${CREDENTIALS}&js_code=c`)).json, { openid: String });
});

t.test('a user’s token works for the user’s calls, and for nothing else', async (t) => {
  const { get, classicToken, errcodeWith } = await desk(t);
  const grant = (await get(`/sns/oauth2/access_token?${CREDENTIALS}&code=c1`)).json;
  const token = String(grant['access_token']);
  const info = await get(`/sns/userinfo?access_token=${token}&openid=x&lang=zh_CN`);
  t.match(info.json, { openid: grant['openid'], nickname: String });
  t.equal((await get(`/sns/auth?access_token=${token}&openid=x`)).json['errcode'], 0);
  t.equal(await errcodeWith(token), 40001);
  const appToken = await classicToken();
  t.equal((await get(`/sns/userinfo?access_token=${appToken}`)).json['errcode'], 40001);
  t.equal((await get(`/sns/auth?access_token=${appToken}`)).json['errcode'], 40001);
  t.equal((await get(`/sns/oauth2/access_token?${CREDENTIALS}&code=c1`)).json['errcode'], 40163);
});

t.test('a refresh token gives a new user token to its own appid', async (t) => {
  const { get, clock } = await desk(t);
  const first = (await get(`/sns/oauth2/access_token?${CREDENTIALS}&code=c1`)).json;
  clock.now += 7_200_000;
  const auth = (token: unknown): Promise<unknown> =>
    get(`/sns/auth?access_token=${String(token)}`).then(({ json }) => json['errcode']);
  t.equal(await auth(first['access_token']), 40001);
  const path = `/sns/oauth2/refresh_token?refresh_token=${String(first['refresh_token'])}`;
  const second = (await get(`${path}&appid=${appid}`)).json;
  t.equal(second['openid'], first['openid']);
  t.equal(await auth(second['access_token']), 0);
  t.equal((await get(`${path}&appid=wx0`)).json['errcode'], 40030);
  t.equal((await get(`/sns/oauth2/refresh_token?appid=${appid}`)).json['errcode'], 41003);
});

t.test('clear_quota/v2 takes its credentials from the query or the JSON body', async (t) => {
  const { post, classicToken, errcodeWith, simulator } = await desk(t);
  const token = await classicToken();
  simulator.set({ apiPerDay: 1 });
  const inQuery = `/cgi-bin/clear_quota/v2?appid=${appid}&appsecret=${appsecret}`;
  for (const [path, body] of [
    [inQuery, ''],
    ['/cgi-bin/clear_quota/v2', { appid, appsecret }],
  ] as const) {
    t.equal(await errcodeWith(token), 0);
    t.equal(await errcodeWith(token), 45009);
    t.equal((await post(path, body)).json['errcode'], 0);
  }
  const wrong = { appid, appsecret: 'x' };
  t.equal((await post('/cgi-bin/clear_quota/v2', wrong)).json['errcode'], 40125);
});
