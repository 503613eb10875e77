import t from 'tap';
import { proxyAndSimulator, until } from '../helpers/proxy.ts';
import { call, upload } from './app.ts';

const STREAMED = { WXPROXY_REPLAY_BODY_LIMIT: '1KiB' };

t.test(
  'an upload that is sent again at once waits for the token that replaces the bad one',
  async (t) => {
    const { proxy, simulator } = await proxyAndSimulator(t, STREAMED);
    simulator.rotate();
    simulator.reset('counts');
    simulator.fault({ kind: 'hold', path: '/cgi-bin/stable_token' });
    t.equal((await upload(proxy.url, 100_000)).json['errcode'], 40001, 'it cannot be replayed');
    await until(() => simulator.state().held === 1, 'the token call that follows is held up');

    const again = upload(proxy.url, 100_000);
    await until(
      async () => (await proxy.metric('requests_in_flight', {})) === 1,
      'the proxy has the request',
    );
    const sent = simulator.counts.apiCalls;
    simulator.release();
    t.ok((await again).json['media_id'], 'it goes through');
    t.equal(sent, 1, 'it was not sent before there was another token');
    t.equal(simulator.counts.rejectedCalls, 1);
  },
);

t.test('but not for long: the rejection may have been about the endpoint', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t, STREAMED);
  simulator.reject({ path: '/wxa/bad' });
  simulator.fault({ kind: 'hold', path: '/cgi-bin/stable_token' });
  const bad = call(`${proxy.url}/wxa/bad`, { method: 'POST', body: 'x'.repeat(2000) });
  t.equal((await bad).json['errcode'], 40001);
  await until(() => simulator.state().held === 1, 'the token call that follows is held up');

  t.ok((await upload(proxy.url, 100_000)).json['media_id'], 'the upload goes out with the old one');
  t.equal(simulator.state().held, 1, 'while the token call still hangs');
  simulator.release();
});
