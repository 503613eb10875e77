import t from 'tap';
import { proxyAndSimulator } from '../helpers/proxy.ts';

t.test('a rotation by somebody else costs the app nothing', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t);
  simulator.rotate();
  const answer = await fetch(`${proxy.url}/cgi-bin/getcallbackip`);
  t.strictSame(await answer.json(), { ip_list: ['127.0.0.1', '127.0.0.2'] });
  t.equal(await proxy.metric('replays_total', { outcome: 'ok' }), 1);
});
