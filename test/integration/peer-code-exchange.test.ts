import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { centralBench, KEY, spyBefore, type Seen } from './peers.ts';

const { appid, appsecret } = DEMO_ACCOUNT;

t.test('a code is exchanged through the peer, which alone holds the AppSecret', async (t) => {
  const { simulator, sidecar } = await centralBench(t);
  const { url } = await sidecar();
  const query = `appid=${appid}&secret=the-apps-own&appsecret=another&js_code=c1&a=%2B&b`;
  const response = await fetch(`${url}/sns/jscode2session?${query}`);
  t.match(await response.json(), { openid: /^o/, session_key: String });
  t.equal(
    simulator.requests.at(-1)?.url,
    `/sns/jscode2session?js_code=c1&a=%2B&b&appid=${appid}&secret=${appsecret}`,
    'what is not replaced keeps its bytes',
  );
  const names = simulator.requests.at(-1)?.rawHeaders.map((name) => name.toLowerCase()) ?? [];
  t.notOk(names.includes('x-wxproxy-key') || names.includes('x-wechat-appid'));
});

t.test('what the app takes for a secret never leaves the sidecar', async (t) => {
  const { central, sidecar } = await centralBench(t);
  const arrived: Seen[] = [];
  const spy = await spyBefore(t, central.url, arrived);
  const { url } = await sidecar({ WXPROXY_TOKEN_PEER: spy });
  const secret = 'the-apps-own-secret';
  await fetch(`${url}/sns/jscode2session?appid=${appid}&s%65cret=${secret}&js_code=c1`);
  await fetch(`${url}/sns/oauth2/access_token?secret=${secret}&code=c2&appid=${appid}`);
  for (const name of ['secret', 'appsecret']) {
    await fetch(`${url}/cgi-bin/clear_quota/v2`, {
      method: 'POST',
      body: JSON.stringify({ appid, [name]: secret }),
    });
  }
  const exchanges = arrived.filter(({ url: to }) => !to.includes('stable_token'));
  t.equal(exchanges.length, 4);
  for (const { url: to, headers, body } of exchanges) {
    t.notMatch(to + headers + body, secret);
    t.match(headers, KEY, 'the key of the peer is what counts');
  }
});

t.test('clear_quota/v2 gets its secret from the peer', async (t) => {
  const { simulator, sidecar } = await centralBench(t);
  const { url } = await sidecar();
  const response = await fetch(`${url}/cgi-bin/clear_quota/v2`, {
    method: 'POST',
    body: JSON.stringify({ appid, appsecret: 'the-apps-own' }),
  });
  t.match(await response.json(), { errcode: 0 });
  t.match(simulator.requests.at(-1)?.url, '/cgi-bin/clear_quota/v2');
});

t.test('a code that was sent is not sent again, whatever becomes of it', async (t) => {
  const { simulator, sidecar } = await centralBench(t);
  const { url } = await sidecar();
  simulator.fault({ kind: 'reset', path: '/sns/jscode2session' });
  const response = await fetch(`${url}/sns/jscode2session?js_code=c1`);
  t.equal(response.status, 502);
  const sent = simulator.requests.filter(({ url: to }) => to.startsWith('/sns/'));
  t.equal(sent.length, 1);
});
