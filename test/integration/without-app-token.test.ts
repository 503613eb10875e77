import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startProxy, until } from '../helpers/proxy.ts';
import { call } from './app.ts';

t.test("calls that carry another token than the app's work while there is none", async (t) => {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  simulator.refuseTokens({ errcode: -1, count: 'forever' });
  const proxy = await startProxy(t, { upstream: simulator.url });
  await until(() => simulator.counts.tokenCallsRefused > 0, 'a token was asked for in vain');
  t.equal((await call(`${proxy.url}/wxa/order`)).status, 503, 'the app token is missing');

  const login = await call(
    `${proxy.url}/sns/oauth2/access_token?code=c1&grant_type=authorization_code`,
  );
  const { access_token: user, openid, refresh_token } = login.json;
  t.type(user, 'string', 'a code exchange needs the AppSecret, no token');
  t.type((await call(`${proxy.url}/sns/jscode2session?js_code=c2`)).json['session_key'], 'string');

  const info = `/sns/userinfo?access_token=${user}&openid=${openid}`;
  t.equal((await call(proxy.url + info)).json['openid'], openid);
  t.equal(
    (await call(`${proxy.url}/sns/auth?access_token=${user}&openid=${openid}`)).json['errcode'],
    0,
  );
  const refresh = `/sns/oauth2/refresh_token?appid=wx0123456789abcdef&refresh_token=${refresh_token}`;
  t.equal((await call(proxy.url + refresh)).json['openid'], openid);
  const component = '/cgi-bin/component/api_query_auth?component_access_token=theirs';
  t.equal((await call(proxy.url + component, { method: 'POST', body: '{}' })).json['errcode'], 0);
  const cloud = '/tcb/invokecloudfunction?cloudbase_access_token=theirs';
  t.equal((await call(proxy.url + cloud, { method: 'POST', body: '{}' })).json['errcode'], 0);

  const urls = simulator.requests.map(({ url }) => url);
  for (const untouched of [info, refresh, component, cloud]) {
    t.ok(urls.includes(untouched), `as it came: ${untouched.split('?', 1)[0]}`);
  }
  t.equal(simulator.counts.apiCalls, 0);
});
