import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startProxy, untilReady } from '../helpers/proxy.ts';
import { rawClient } from '../helpers/raw-client.ts';
import { head, hostileStage, isRefusal } from './hostile-stage.ts';

t.test('a proxy whose upstream is itself answers 508, after one round', async (t) => {
  const line = await telephoneLine(t);
  // Its token calls come back as well: it is its own token endpoint then.
  const proxy = await startProxy(t, { upstream: line.url });
  line.leadTo(proxy.url);
  await untilReady(proxy);
  for (const path of ['/cgi-bin/x', '/sns/x']) {
    const client = await rawClient(t, proxy.url);
    const before = line.connections;
    isRefusal(t, await client.request(`GET ${path}`).answer(), {
      status: 508,
      code: 'LOOP',
      says: /does WXPROXY_UPSTREAM or WXPROXY_TOKEN_PEER point back at it\?/,
    });
    t.ok(line.connections - before <= 1, 'it went round once');
  }
  t.equal(await proxy.metric('requests_refused_total', { reason: 'loop' }), 2);
  t.equal(await proxy.metric('requests_in_flight'), 0);
});

t.test('two proxies that point at each other answer 508', async (t) => {
  const line = await telephoneLine(t);
  const first = await startProxy(t, { upstream: line.url });
  const second = await startProxy(t, { upstream: first.url });
  line.leadTo(second.url);
  await untilReady(second);
  const client = await rawClient(t, second.url);
  isRefusal(t, await client.request('GET /cgi-bin/x').answer(), { status: 508, code: 'LOOP' });
  t.equal(await second.metric('requests_refused_total', { reason: 'loop' }), 1);
  t.equal(await first.metric('requests_refused_total', { reason: 'loop' }), 0);
});

t.test('a chain of two proxies is no circle', async (t) => {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const inner = await startProxy(t, { upstream: simulator.url });
  await untilReady(inner);
  const outer = await startProxy(t, { upstream: inner.url });
  await untilReady(outer);
  const client = await rawClient(t, outer.url);
  const answer = await client.request('GET /cgi-bin/getcallbackip').answer();
  t.equal(answer.status, 200);
  t.equal(answer.values('via').length, 2);
});

t.test('our own Via is known among others, and wherever Connection names it', async (t) => {
  const stage = await hostileStage(t);
  const client = await stage.connect(t);
  const served = await client.request('GET /cgi-bin/served', ['Via: 1.1 nginx']).answer();
  const [via = ''] = served.values('via').slice(-1);
  t.match(via, /^1\.1 wxproxy-[0-9a-f]{12}$/);
  for (const fields of [
    [`Via: ${via}`],
    [`Via: 1.1 nginx, ${via}, 1.0 other`],
    ['Via: 1.1 nginx', `via: ${via}`],
    [`Via: ${via}`, 'Connection: via'],
  ]) {
    await stage.refuses(t, head('GET /cgi-bin/smuggled', ...fields), { status: 508, code: 'LOOP' });
  }
  await stage.isUnharmed(t);
});

/** A TCP address that exists before the server it leads to. */
async function telephoneLine(
  t: Test,
): Promise<{ url: string; connections: number; leadTo(url: string): void }> {
  const ends = new Set<Socket>();
  let port = 0;
  const server = createServer((caller) => {
    line.connections++;
    const called = connect(port, '127.0.0.1');
    for (const [end, other] of [
      [caller, called],
      [called, caller],
    ] as const) {
      ends.add(end);
      end.on('error', () => other.destroy());
      end.on('close', () => other.destroy());
      end.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const end of ends) end.destroy();
    server.close();
  });
  const line = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 0,
    leadTo: (url: string) => void (port = Number(new URL(url).port)),
  };
  return line;
}
