import t, { type Test } from 'tap';
import { FakeClock } from '../helpers/fake-clock.ts';
import { startProxy, until, type RunningProxy } from '../helpers/proxy.ts';
import { centralBench, sidecarOf } from './peers.ts';

/** What an app of the sidecar is told, once the sidecar has been refused. */
async function told(t: Test, sidecar: RunningProxy) {
  await until(() => sidecar.log.some((line) => line.includes('refresh failed')), 'it is refused');
  const response = await fetch(`${sidecar.url}/wxa/order`);
  const { errcode, errmsg } = (await response.json()) as { errcode: number; errmsg: string };
  t.notMatch(sidecar.log.join(''), /wr0ng|the key of/, 'no key is in the log');
  return { status: response.status, errcode, errmsg };
}

function errors({ log }: RunningProxy): number {
  return log.filter((line) => line.includes('refresh failed') && line.includes('"error"')).length;
}

t.test('a wrong key is refused, said clearly, and tried again only every 60 s', async (t) => {
  const clock = new FakeClock();
  const { central, sidecar } = await centralBench(t, { clock });
  const refused = (): Promise<number> =>
    central.metric('requests_refused_total', { reason: 'client_key' });
  const one = await sidecar({ WXPROXY_TOKEN_PEER_KEY: 'wr0ng' });
  const { status, errmsg } = await told(t, one);
  t.equal(status, 503);
  t.match(errmsg, 'the token peer answered 401: the x-wxproxy-key header holds another key');
  t.equal(errors(one), 1, 'said loudly');
  for (let i = 0; i < 20; i++) await fetch(`${one.url}/wxa/order`);
  t.equal(await refused(), 1, 'requests do not ask again');
  await clock.advance(59_000);
  t.equal(await refused(), 1);
  await clock.advance(1000);
  await until(async () => (await refused()) === 2, 'it is asked again');
  await clock.advance(59_000);
  t.equal(await refused(), 2);
});

t.test('a peer that hands out placeholders, or nothing, is found out', async (t) => {
  for (const [endpoints, words] of [
    ['placeholder', 'the token peer hands out placeholders'],
    ['refuse', 'the token peer answered 403: this proxy hands out no tokens'],
  ] as const) {
    const { simulator, sidecar } = await centralBench(t, {
      env: { WXPROXY_TOKEN_ENDPOINTS: endpoints },
    });
    const { status, errmsg } = await told(t, await sidecar());
    t.equal(status, 503);
    t.match(errmsg, words);
    t.match(errmsg, 'WXPROXY_TOKEN_ENDPOINTS');
    t.equal(simulator.counts.apiCalls, 0, 'and its placeholder never used as a token');
  }
});

t.test('a peer that does not know the account, or not by this name, says so', async (t) => {
  const { central, sidecar } = await centralBench(t);
  const other = await told(t, await sidecar({ WECHAT_APPID: 'wxfedcba9876543210' }));
  t.match(other.errmsg, 'the token peer answered 404');
  // A name for loopback that the central server was not told of.
  const named = central.url.replace('127.0.0.1', '0.0.0.0');
  const env = sidecarOf(named, { WXPROXY_UPSTREAM_INSECURE: 'true' });
  const misnamed = await told(t, await startProxy(t, { upstream: central.url, env }));
  t.match(misnamed.errmsg, 'the token peer answered 421');
  t.match(misnamed.errmsg, 'WXPROXY_ALLOW_HOSTS');
});

t.test('what WeChat refuses the central server reaches the apps of the sidecars', async (t) => {
  const { simulator, sidecar } = await centralBench(t, { simulated: { lifetimeMs: 1000 } });
  simulator.set({ ipRefused: true });
  await until(() => simulator.counts.tokenCallsRefused > 0, 'WeChat refuses');
  const { status, errcode, errmsg } = await told(t, await sidecar());
  t.equal(status, 502);
  t.equal(errcode, 40164);
  t.match(errmsg, /invalid ip 127\.0\.0\.1, not in whitelist/);
});

t.test('an answer that is none of ours is not taken for a token', async (t) => {
  const { simulator } = await centralBench(t);
  simulator.fault({ kind: 'html', tokenCalls: true });
  const env = sidecarOf(simulator.url); // a web server, as a mistyped address leads to one
  const { status, errmsg } = await told(t, await startProxy(t, { upstream: simulator.url, env }));
  t.equal(status, 503);
  t.match(errmsg, 'no JSON object');
});
