import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { proxyAndSimulator } from '../helpers/proxy.ts';
import { call, upload, type Reply } from './app.ts';

const LIFETIME_MS = 3000;
/** Tokens after the first one. A token is renewed in the second half of its life. */
const RENEWALS = 3;

t.jobs = 2;

for (const api of ['stable_token', 'token'] as const) {
  t.test(`over several lifetimes no request leaves with a bad token (${api})`, async (t) => {
    const { proxy, simulator } = await proxyAndSimulator(
      t,
      { WXPROXY_TOKEN_API: api, WXPROXY_REPLAY_BODY_LIMIT: '64KiB' },
      { lifetimeMs: LIFETIME_MS },
    );
    simulator.reset('counts');
    const renewed = (): Promise<number> =>
      proxy.metric('token_refreshes_total', { trigger: 'scheduled', outcome: 'fetched' });
    const load = { over: false };
    const keepOn = async (once: () => Promise<Reply>): Promise<number> => {
      let good = 0;
      for (; !load.over; good += 1) {
        const { status, json } = await once();
        if (status !== 200 || (json['errcode'] ?? 0) !== 0) throw new Error(`a failure: ${status}`);
        await delay(5);
      }
      return good;
    };
    const small = Array.from({ length: 8 }, () => keepOn(() => call(`${proxy.url}/wxa/order`)));
    const large = Array.from({ length: 2 }, () => keepOn(() => upload(proxy.url, 1_000_000)));
    const deadlineMs = performance.now() + 20_000;
    let renewals = await renewed();
    for (; renewals < RENEWALS && performance.now() < deadlineMs; renewals = await renewed()) {
      await delay(50);
    }
    load.over = true;

    const calls = await Promise.all([...small, ...large]);
    const total = calls.reduce((sum, count) => sum + count);
    t.ok(
      calls.every((count) => count > 10),
      `${total} calls, none failed`,
    );
    t.equal(renewals, RENEWALS);
    t.equal(simulator.counts.apiCalls, total, 'each was sent once');
    t.equal(simulator.counts.rejectedCalls, 0);
    t.equal(await proxy.metric('replays_total'), 0);
  });
}
