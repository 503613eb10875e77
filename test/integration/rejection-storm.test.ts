import t from 'tap';
import { proxyAndSimulator, until } from '../helpers/proxy.ts';
import { callAtOnce, countGood } from './app.ts';

const REQUESTS = 1000;

for (const api of ['stable_token', 'token'] as const) {
  t.test(
    `${REQUESTS} requests rejected together cost one ${api} call, and none fails`,
    async (t) => {
      const { proxy, simulator } = await proxyAndSimulator(t, {
        WXPROXY_TOKEN_API: api,
        WXPROXY_TOKEN_TIMEOUT: '60s',
      });
      simulator.revoke();
      simulator.reset('counts');
      simulator.fault({ kind: 'hold', tokenCalls: true });

      const replies = callAtOnce(proxy.url, REQUESTS);
      await until(() => simulator.counts.rejectedCalls === REQUESTS, 'all were rejected', 30_000);
      simulator.release();

      t.equal(countGood(await replies), REQUESTS);
      t.equal(simulator.counts.tokenCalls, 1);
      t.equal(simulator.counts.apiCalls, 2 * REQUESTS, 'each was sent twice');
      t.equal(await proxy.metric('replays_total', { outcome: 'ok' }), REQUESTS);
      t.equal(await proxy.metric('token_refreshes_total', { trigger: 'rejected' }), 1);
    },
  );
}

t.test(
  'requests rejected in any order, before and after the new token, cost one call',
  async (t) => {
    const count = 300;
    const { proxy, simulator } = await proxyAndSimulator(t);
    simulator.rotate();
    simulator.reset('counts');
    t.equal(countGood(await callAtOnce(proxy.url, count)), count);
    t.equal(simulator.counts.tokenCalls, 1);
    const { rejectedCalls, apiCalls } = simulator.counts;
    t.ok(rejectedCalls > 0, 'some were rejected');
    t.equal(apiCalls, count + rejectedCalls, 'and only those were sent twice');
  },
);
