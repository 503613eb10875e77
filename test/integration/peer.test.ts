import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { good } from '../helpers/fleet.ts';
import { startProxy, until, untilReady } from '../helpers/proxy.ts';
import { CENTRAL, centralBench, KEY, sidecarOf } from './peers.ts';

t.test(
  'a sidecar asks over WeChat’s own protocol, and names the rejected token by a digest',
  async (t) => {
    const { simulator } = await centralBench(t);
    const asked: { url: string; headers: Record<string, unknown>; body: string }[] = [];
    const peer = createServer((req, res) => {
      let body = '';
      req.on('data', (chunk: Buffer) => (body += chunk.toString()));
      req.on('end', () => {
        asked.push({ url: `${req.method} ${req.url}`, headers: req.headers, body });
        const answer = { access_token: `90_token-number-${asked.length}`, expires_in: 7200 };
        res.end(JSON.stringify(answer));
      });
    }).listen(0, '127.0.0.1');
    await once(peer, 'listening');
    t.teardown(() => peer.closeAllConnections());
    t.teardown(() => peer.close());
    const { port } = peer.address() as AddressInfo;
    const env = sidecarOf(`http://127.0.0.1:${port}`);
    const sidecar = await startProxy(t, { upstream: simulator.url, env });
    await untilReady(sidecar);
    t.match(await good(`${sidecar.url}/wxa/order`), /40001/, 'WeChat knows neither of its tokens');
    const [first, second] = asked;
    t.equal(asked.length, 2);
    t.equal(first?.url, 'POST /cgi-bin/stable_token');
    const stated = { grant_type: 'client_credential', appid: DEMO_ACCOUNT.appid };
    t.strictSame(JSON.parse(first?.body ?? ''), { ...stated, force_refresh: false });
    t.equal(first?.headers['x-wxproxy-key'], KEY);
    t.match(first?.headers['via'], /^1\.1 wxproxy-\w+$/);
    t.strictSame(JSON.parse(second?.body ?? ''), { ...stated, force_refresh: true });
    t.equal(
      second?.headers['x-wxproxy-rejected'],
      createHash('sha256').update('90_token-number-1').digest('hex'),
    );
    t.notMatch(JSON.stringify(second), 'token-number-1', 'the token itself does not travel back');
  },
);

t.test('a hundred sidecars rejected together cost the central server one call', async (t) => {
  const { simulator, central, sidecar } = await centralBench(t, {
    env: { WXPROXY_TOKEN_API: 'token' },
  });
  const sidecars = await Promise.all(Array.from({ length: 100 }, () => sidecar()));
  for (const one of sidecars) await untilReady(one);
  t.equal(simulator.counts.tokenCalls, 1, 'nor did their start cost any');
  simulator.revoke();
  const answers = await Promise.all(sidecars.map(({ url }) => good(`${url}/wxa/order`)));
  t.strictSame(
    answers.filter((failure) => failure !== undefined),
    [],
  );
  t.equal(simulator.counts.tokenCalls, 2);
  t.equal(simulator.counts.rejectedCalls, 100);
  t.equal(await central.metric('token_refreshes_total', { trigger: 'requested' }), 1);
});

t.test('the central server gone: sidecars serve what they have until it expires', async (t) => {
  const { simulator, central, sidecar } = await centralBench(t, {
    simulated: { lifetimeMs: 4500 },
    env: { WXPROXY_REFRESH_WINDOW: '1s' },
  });
  const one = await sidecar({ WXPROXY_REFRESH_WINDOW: '1s' });
  await untilReady(one);
  await central.stop();
  t.equal(await good(`${one.url}/wxa/order`), undefined);
  let answered = 1;
  await until(async () => {
    const failure = await good(`${one.url}/wxa/order`);
    if (failure === undefined) answered += 1;
    else t.match(failure, /^503 .*ERR_TOKEN_UNAVAILABLE/);
    return failure !== undefined;
  }, 'its token has expired');
  t.equal(simulator.counts.apiCalls, answered, 'nothing was forwarded without a good token');
  t.equal(simulator.counts.rejectedCalls, 0);
  t.equal((await fetch(`${one.admin}/readyz`)).status, 503);
  t.match(one.log.join(''), 'the token endpoint could not be reached');

  const again = { ...CENTRAL, WXPROXY_LISTEN: central.url.replace('http://', '') };
  await startProxy(t, { upstream: simulator.url, env: again });
  await until(async () => (await good(`${one.url}/wxa/order`)) === undefined, 'it recovers');
});
