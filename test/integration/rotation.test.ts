import { createHash } from 'node:crypto';
import t from 'tap';
import { proxyAndSimulator } from '../helpers/proxy.ts';
import { call } from './app.ts';

t.test(
  'a rotation by somebody else costs one replay and one token call; the app notices nothing',
  async (t) => {
    const { proxy, simulator } = await proxyAndSimulator(t);
    simulator.rotate();
    simulator.reset('counts');
    const body = JSON.stringify({ touser: 'oDEMO', text: { content: '你好'.repeat(1000) } });
    const sent = await call(`${proxy.url}/cgi-bin/message/custom/send?lang=zh_CN`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    t.strictSame(sent.json, { errcode: 0, errmsg: 'ok' });
    t.equal(await proxy.metric('replays_total', { outcome: 'ok' }), 1);
    t.equal(simulator.counts.tokenCalls, 1);

    const sends = simulator.requests.filter(({ url }) => url.includes('/custom/send'));
    const sha256 = createHash('sha256').update(body).digest('hex');
    t.strictSame(
      sends.map(({ bodySha256 }) => bodySha256),
      [sha256, sha256],
      'every byte, twice',
    );
    const [first, second] = sends.map(({ url }) => url.split('access_token='));
    t.equal(first?.[0], '/cgi-bin/message/custom/send?lang=zh_CN&');
    t.equal(second?.[0], first?.[0], 'nothing else in the URL has changed');
    t.not(second?.[1], first?.[1]);
  },
);
