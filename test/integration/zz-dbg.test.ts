import t from 'tap';
import { setTimeout as delay } from 'node:timers/promises';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { load } from '../helpers/fleet.ts';
import { startProxy, untilReady } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';
t.test('x', async (t) => {
  const redis = (await startRedis(t))!;
  const n = Number(process.env.N ?? 3);
  const simulator = await startSimulator({ lifetimeMs: 6500, overlapMs: Number(process.env.O ?? 3000) });
  t.teardown(() => simulator.stop());
  const rs = [];
  for (let i=0;i<n;i++){ const r = await startProxy(t,{upstream: simulator.url, env:{WXPROXY_TOKEN_STORE: redis.url, WXPROXY_TOKEN_API:'token', WXPROXY_REFRESH_WINDOW:'1s'}}); await untilReady(r); rs.push(r);}  
  console.error(simulator.counts.tokenCalls);
  await redis.kill();
  const l = load(t, rs, 20);
  for (let s=0;s<14;s++) { await delay(2000); console.error(s, 'token calls', simulator.counts.tokenCalls, 'rejected', simulator.counts.rejectedCalls, 'calls', l.calls, 'failures', l.failures.length); }
  await l.stop();
  console.error(l.failures.slice(-2));
  console.error(rs[0]!.log.filter(x=>/warn|error/.test(x)).join('').slice(0,3000));
});
