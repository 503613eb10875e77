import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { proxyAndSimulator, startProxy } from '../helpers/proxy.ts';

/** Calls that carry a user's or a third party's token, exactly as an app sends them. */
const OTHERS = [
  '/sns/userinfo?access_token=USER-token_1&openid=o1&lang=zh_CN',
  '/sns/userinfo?openid=o%2B1&access_token=a&access_token=b&=&&x',
  '/sns/auth?access_token=USER&openid=o1',
  '/sns/oauth2/refresh_token?appid=wx1111111111111111&refresh_token=r%20t',
  '/cgi-bin/component/api_query_auth?component_access_token=C%2Fc',
  '/cgi-bin/component/api_component_token?access_token=kept',
  '/wxa/commit?component_access_token=C&access_token=A',
  '/wxa/getpaidunionid?access_token=A&cloudbase_access_token=B',
];

t.test("calls with somebody else's token leave as they came, to the byte", async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  for (const url of OTHERS) {
    for (const method of ['GET', 'POST'] as const) {
      const body = method === 'POST' ? `{ "access_token" : "x",  "secret":"\\u00e9" }` : undefined;
      const answer = await fetch(`${proxy.url}${url}`, {
        method,
        ...(body === undefined ? {} : { body }),
      });
      await answer.arrayBuffer();
      const arrived = simulator.requests.at(-1);
      t.equal(arrived?.url, url);
      t.equal(arrived?.method, method);
      t.equal(arrived?.bodyText, body, url);
    }
  }
});

t.test("a 40001 about somebody else's token refreshes nothing", async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  simulator.reset('counts');
  let sent = 0;
  for (const errcode of [40001, 42001, 40014]) {
    for (const url of OTHERS) {
      const body = JSON.stringify({ errcode, errmsg: 'invalid credential' });
      simulator.fault({ kind: 'answer', body, headers: { 'x-of-wechat': 'yes' } });
      const answer = await fetch(`${proxy.url}${url}`);
      sent += 1;
      t.equal(await answer.text(), body, url);
      t.equal(answer.headers.get('x-of-wechat'), 'yes');
      t.equal(simulator.requests.length, sent, 'sent once');
    }
  }
  t.equal(simulator.counts.tokenCalls, 0);
  t.equal(await proxy.metric('token_rejections_total'), 0);
  t.equal(await proxy.metric('replays_total'), 0);
  t.equal(await proxy.metric('requests_total', { route: 'api' }), 0);
});

t.test("calls with somebody else's token work while there is no app token", async (t) => {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  simulator.refuseTokens({ errcode: 40164, count: 'forever' });
  const proxy = await startProxy(t, { upstream: simulator.url });
  const api = await fetch(`${proxy.url}/cgi-bin/user/get`);
  t.equal(api.status, 502, 'no API call goes without a token');
  await api.arrayBuffer();
  for (const url of OTHERS) {
    const answer = await fetch(`${proxy.url}${url}`);
    t.equal(answer.status, 200, url);
    await answer.arrayBuffer();
  }
});

t.test("with a client key, calls with somebody else's token need it as a header", async (t) => {
  const key = 'a-client-key-of-some-length';
  const { proxy, simulator } = await proxyAndSimulator(t, { WXPROXY_CLIENT_KEY: key });
  const before = simulator.requests.length;
  for (const url of OTHERS) {
    const refused = await fetch(`${proxy.url}${url}&secret=${key}`);
    t.equal(refused.status, 401, url);
    await refused.arrayBuffer();
  }
  t.equal(simulator.requests.length, before);
  for (const url of OTHERS) {
    const passed = await fetch(`${proxy.url}${url}`, { headers: { 'x-wxproxy-key': key } });
    t.equal(passed.status, 200, url);
    await passed.arrayBuffer();
    const names = simulator.requests.at(-1)?.rawHeaders.map((name) => name.toLowerCase());
    t.notOk(names?.includes('x-wxproxy-key'), 'the key stays here');
  }
});
