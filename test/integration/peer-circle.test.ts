import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { startProxy, until, type RunningProxy } from '../helpers/proxy.ts';
import { CENTRAL, sidecarOf } from './peers.ts';

for (const size of [1, 2, 3]) {
  t.test(`${size} in a circle of peers: refused, and nobody hangs`, async (t) => {
    const simulator = await startSimulator();
    t.teardown(() => simulator.stop());
    const ports = await freePorts(size);
    const proxies: RunningProxy[] = [];
    for (const [index, port] of ports.entries()) {
      const next = `http://127.0.0.1:${ports[(index + 1) % size]}`;
      const env = {
        ...CENTRAL,
        WXPROXY_LISTEN: `127.0.0.1:${port}`,
        WXPROXY_TOKEN_TIMEOUT: '2s',
        ...sidecarOf(next),
      };
      proxies.push(await startProxy(t, { upstream: simulator.url, env }));
    }
    const loops = async (): Promise<number> => {
      const metric = (proxy: RunningProxy): Promise<number> =>
        proxy.metric('requests_refused_total', { reason: 'loop' });
      const values = await Promise.all(proxies.map(metric));
      return values.reduce((sum, value) => sum + value, 0);
    };
    await until(async () => (await loops()) > 0, 'the circle is found');
    await until(() => proxies.every(isTold), 'and each of them told');
    for (const { url } of proxies) {
      const started = performance.now();
      const response = await fetch(`${url}/wxa/order`, {
        headers: { 'x-wxproxy-key': String(CENTRAL['WXPROXY_CLIENT_KEY']) },
      });
      t.equal(response.status, 508);
      t.equal(response.headers.get('x-wxproxy-error'), 'ERR_LOOP');
      t.ok(performance.now() - started < 4000, 'within the token timeout');
    }
    t.equal(simulator.requests.length, 0);
  });
}

t.test('a code exchange that goes in a circle is refused with 508', async (t) => {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const [one, two] = (await freePorts(2)) as [number, number];
  for (const [own, peer] of [
    [one, two],
    [two, one],
  ]) {
    const env = { ...CENTRAL, WXPROXY_LISTEN: `127.0.0.1:${own}` };
    const sidecar = sidecarOf(`http://127.0.0.1:${peer}`);
    await startProxy(t, { upstream: simulator.url, env: { ...env, ...sidecar } });
  }
  const response = await fetch(`http://127.0.0.1:${one}/sns/jscode2session?js_code=c1`, {
    headers: { 'x-wxproxy-key': String(CENTRAL['WXPROXY_CLIENT_KEY']) },
  });
  t.equal(response.status, 508);
  t.equal(response.headers.get('x-wxproxy-error'), 'ERR_LOOP');
});

function isTold({ log }: RunningProxy): boolean {
  const words = /the token peer answered 508: .*does .*WXPROXY_TOKEN_PEER point back at it/;
  return log.some((line) => line.includes('token refresh failed') && words.test(line));
}
