import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { proxyAndSimulator } from '../helpers/proxy.ts';

const { appid, appsecret } = DEMO_ACCOUNT;

t.test('"refuse" answers every token call 403, and the API itself goes on', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t, { WXPROXY_TOKEN_ENDPOINTS: 'refuse' });
  const body = JSON.stringify({ grant_type: 'client_credential', appid, secret: appsecret });
  for (const answer of [
    await fetch(`${proxy.url}/cgi-bin/token?appid=${appid}&secret=${appsecret}`),
    await fetch(`${proxy.url}/cgi-bin/token?appid=${appid}`, { method: 'POST' }),
    await fetch(`${proxy.url}/cgi-bin/stable_token`, { method: 'POST', body }),
    await fetch(`${proxy.url}/${appid}/cgi-bin/token`),
  ]) {
    t.equal(answer.status, 403);
    t.equal(answer.headers.get('x-wxproxy-error'), 'ERR_FORBIDDEN');
    t.match(await answer.json(), { errcode: 403, errmsg: /WXPROXY_TOKEN_ENDPOINTS=refuse/ });
  }
  const call = await fetch(`${proxy.url}/cgi-bin/user/get`);
  t.match(await call.json(), { total: 2 });
  t.equal(simulator.counts.tokenCalls, 1, "only the proxy's own");
  t.equal(await proxy.metric('token_endpoint_calls_total', { outcome: 'refused' }), 4);
});
