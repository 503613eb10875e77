import t from 'tap';
import { call, callAtOnce, countGood } from './app.ts';
import { proxyInSharedTime, timePasses } from './shared-time.ts';

/** Token calls of one refresh at most: stable_token is asked, asked again a little later, and forced. */
const REFRESH_COST = { stable_token: 3, token: 1 } as const;

for (const api of ['stable_token', 'token'] as const) {
  t.test(
    `an endpoint that answers 40001 for ever costs one refresh a cool-down (${api})`,
    async (t) => {
      const { proxy, simulator, clock } = await proxyInSharedTime(t, {
        WXPROXY_TOKEN_API: api,
        // Time passes quickly here, and WeChat's answers take their own.
        WXPROXY_TOKEN_TIMEOUT: '10m',
      });
      simulator.reject({ count: 'forever', path: '/wxa/broken' });
      simulator.reset('counts');
      const callBroken = async (): Promise<void> => {
        const { status, json } = await call(`${proxy.url}/wxa/broken`);
        t.equal(status, 200);
        t.equal(json['errcode'], 40001, "the app gets WeChat's own answer");
      };

      for (let round = 0; round < 4; round += 1) {
        await timePasses(clock, Promise.all(Array.from({ length: 25 }, callBroken)));
        t.equal(countGood(await callAtOnce(proxy.url, 50)), 50, 'the others never notice');
      }
      t.ok(simulator.counts.tokenCalls >= 1, 'a token call might have helped');
      t.ok(
        simulator.counts.tokenCalls <= REFRESH_COST[api],
        `${simulator.counts.tokenCalls} calls`,
      );

      // A quarter of an hour of calls: cool-downs of half a minute, of 1, 2, 4 and 8 minutes.
      for (let second = 0; second < 900; second += 10) {
        await clock.advance(10_000);
        await timePasses(clock, callBroken());
        t.equal((await call(`${proxy.url}/wxa/order`)).json['errcode'], 0);
      }
      const { tokenCalls } = simulator.counts;
      t.ok(tokenCalls <= 6 * REFRESH_COST[api], `${tokenCalls} calls in a quarter of an hour`);
      t.ok(tokenCalls > REFRESH_COST[api], 'after a cool-down it is tried again');
    },
  );
}
