import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startProxy, untilReady } from '../helpers/proxy.ts';
import { rawClient } from '../helpers/raw-client.ts';
import { startRawUpstream } from '../helpers/raw-upstream.ts';
import { selfSigned } from '../unit/simulator/certificate.ts';
import { onEachLane } from './on-each-lane.ts';

const KEY = 'key of the central server';

t.test(
  'an upstream whose certificate nobody vouches for gets nothing, not even a token call',
  async (t) => {
    const impostor = await startSimulator({ tls: selfSigned() });
    t.teardown(() => impostor.stop());
    // With a token at hand, as somebody who gets between has it: from a central server that is fine.
    const simulator = await startSimulator();
    t.teardown(() => simulator.stop());
    const central = await startProxy(t, {
      upstream: simulator.url,
      env: { WXPROXY_TOKEN_ENDPOINTS: 'issue', WXPROXY_CLIENT_KEY: KEY },
    });
    await untilReady(central);
    const proxy = await startProxy(t, {
      upstream: impostor.url,
      env: { WXPROXY_TOKEN_PEER: central.url, WXPROXY_TOKEN_PEER_KEY: KEY },
    });
    await untilReady(proxy);
    const client = await rawClient(t, proxy.url);
    for (const path of ['/cgi-bin/x', '/sns/userinfo?access_token=x']) {
      const answer = await client.request(`GET ${path}`).answer();
      t.equal(answer.status, 502, path);
      t.strictSame(answer.values('x-wxproxy-error'), ['ERR_UPSTREAM_CONNECT']);
      t.match(answer.body.toString(), /"errcode":-1/);
    }
    const alone = await startProxy(t, { upstream: impostor.url });
    const { status } = await (await rawClient(t, alone.url)).request('GET /cgi-bin/x').answer();
    t.equal(status, 503, 'no token without a trusted upstream');
    t.equal(impostor.counts.tokenCalls, 0);
    t.strictSame(impostor.requests, []);
  },
);

onEachLane(t, 'a redirect is passed on, not followed', {}, async (t, stage) => {
  const elsewhere = await startRawUpstream(t);
  const location = `${elsewhere.url}/taken?access_token=`;
  stage.upstream.answer = `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
  const answer = await stage.get();
  t.equal(answer.status, 302);
  t.strictSame(answer.values('location'), [location]);
  t.equal(stage.upstream.requests.length, 1);
  t.equal(elsewhere.connections.length + elsewhere.tokenCalls, 0);
});
