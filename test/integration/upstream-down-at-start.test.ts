import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startProxy, untilReady } from '../helpers/proxy.ts';
import { call } from './app.ts';

t.test(
  'WeChat unreachable at start: alive, not ready, ready by itself when it comes back',
  async (t) => {
    const gone = await startSimulator();
    await gone.stop();
    const proxy = await startProxy(t, { upstream: gone.url });

    t.equal((await call(`${proxy.admin}/healthz`)).status, 200);
    t.equal((await call(`${proxy.admin}/readyz`)).status, 503);
    const refused = await call(`${proxy.url}/wxa/order`);
    t.equal(refused.status, 503);
    t.equal(refused.headers.get('x-wxproxy-error'), 'ERR_TOKEN_UNAVAILABLE');
    t.match(refused.headers.get('retry-after'), /^[1-9]\d*$/);
    t.match(refused.json, {
      errcode: -1,
      errmsg: /could not be reached.*\(ERR_TOKEN_UNAVAILABLE\)$/,
    });

    const simulator = await startSimulator({ port: gone.port });
    t.teardown(() => simulator.stop());
    await untilReady(proxy);
    t.equal((await call(`${proxy.url}/wxa/order`)).json['errcode'], 0);
    t.equal(simulator.counts.tokenCalls, 1);
  },
);
