import t from 'tap';
import { proxyAndSimulator, until } from '../helpers/proxy.ts';
import { call, upload } from './app.ts';

t.test(
  'a late rejection of an old token retires nothing: it is replayed with the new one',
  async (t) => {
    const { proxy, simulator } = await proxyAndSimulator(t);
    simulator.rotate();
    simulator.reset('counts');
    simulator.fault({ kind: 'hold', path: '/wxa/slow' });
    const late = call(`${proxy.url}/wxa/slow`);
    await until(() => simulator.state().held === 1, 'the rejection of the first token waits');

    t.equal((await call(`${proxy.url}/wxa/quick`)).status, 200);
    t.equal(simulator.counts.tokenCalls, 1, 'the second token is there');
    simulator.release();

    t.match((await late).json, { errcode: 0, echo: { path: '/wxa/slow' } });
    t.equal(simulator.counts.tokenCalls, 1);
    t.equal(simulator.counts.rejectedCalls, 2);
    t.equal((await call(`${proxy.url}/wxa/quick`)).json['errcode'], 0);
    t.equal(simulator.counts.rejectedCalls, 2, 'the second token is still the one in use');
  },
);

t.test('nor does that of a streamed upload, which cannot be replayed', async (t) => {
  const { proxy, simulator } = await proxyAndSimulator(t, { WXPROXY_REPLAY_BODY_LIMIT: '1KiB' });
  simulator.rotate();
  simulator.reset('counts');
  simulator.fault({ kind: 'hold', path: '/cgi-bin/media/upload' });
  const late = upload(proxy.url, 100_000);
  await until(() => simulator.state().held === 1, 'the rejection of the first token waits');

  await call(`${proxy.url}/wxa/quick`);
  simulator.release();

  t.equal((await late).json['errcode'], 40001, "the app gets WeChat's own answer");
  t.equal(await proxy.metric('replays_skipped_total', { reason: 'too_large' }), 1);
  t.ok((await upload(proxy.url, 100_000)).json['media_id'], 'the next upload goes through');
  t.equal(simulator.counts.tokenCalls, 1);
  t.equal(simulator.counts.rejectedCalls, 2);
});
