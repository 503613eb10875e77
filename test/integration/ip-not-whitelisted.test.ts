import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startProxy, until } from '../helpers/proxy.ts';
import { call } from './app.ts';

t.test('an IP that is not whitelisted: the app and the log are told which', async (t) => {
  const simulator = await startSimulator({ rules: { ipRefused: true } });
  t.teardown(() => simulator.stop());
  const proxy = await startProxy(t, { upstream: simulator.url });
  const { status, json, headers } = await call(`${proxy.url}/wxa/order`);
  t.equal(status, 502);
  t.equal(headers.get('x-wxproxy-error'), 'ERR_TOKEN_REFUSED');
  t.equal(json['errcode'], 40164);
  t.match(json['errmsg'], /invalid ip 127\.0\.0\.1, not in whitelist/);
  t.equal((await call(`${proxy.admin}/readyz`)).status, 503);
  await until(
    () => proxy.log.some((line) => /"level":"error".*invalid ip 127\.0\.0\.1/.test(line)),
    'the log names the IP',
  );
  t.equal(simulator.counts.tokenCalls, 1);
  t.equal(simulator.counts.apiCalls, 0);
});
