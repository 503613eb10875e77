import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { good } from '../helpers/fleet.ts';
import { startProxy, until, untilReady } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

const DOWN = 'the token store is down';
const BACK = 'the token store is back';
/** Several looks whether it is back: there is one a second at first. */
const WATCHED_MS = 4000;

t.test('a Redis that is full is down, said once, until there is room again', async (t) => {
  const redis = await startRedis(t, { config: ['maxmemory-policy noeviction'] });
  if (redis === undefined) return;
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const proxy = await startProxy(t, {
    upstream: simulator.url,
    env: { WXPROXY_TOKEN_STORE: redis.url },
  });
  await untilReady(proxy);
  const said = (message: string): number =>
    proxy.log.filter((line) => line.includes(message)).length;
  const client = await redis.client();

  await client.configSet('maxmemory', '1');
  simulator.revoke({ mode: 'dead' });
  t.equal(await good(`${proxy.url}/wxa/order`), undefined, 'a token needs no store');
  await until(() => said(DOWN) === 1, 'it is noticed');
  const untilMs = performance.now() + WATCHED_MS;
  while (performance.now() < untilMs) {
    simulator.revoke({ mode: 'dead' });
    t.equal(await good(`${proxy.url}/wxa/order`), undefined, 'requests go on');
    await delay(500);
  }
  t.equal(said(DOWN), 1, 'down once');
  t.equal(said(BACK), 0, 'not back before it can store anything');
  const failed = { operation: 'probe', outcome: 'failed' };
  t.ok((await proxy.metric('store_operations_total', failed)) >= 2, 'it was looked after');

  await client.configSet('maxmemory', '0');
  await until(() => said(BACK) === 1, 'it is back', 20_000);
  simulator.revoke({ mode: 'dead' });
  t.equal(await good(`${proxy.url}/wxa/order`), undefined);
  t.equal(said(DOWN), 1);
  t.equal(said(BACK), 1);
});
