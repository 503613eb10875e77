import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { figure } from '../helpers/figures.ts';
import { serverAndSimulator } from '../helpers/process.ts';
import { sumOf } from '../helpers/proxy.ts';
import { movedClock } from './clock-of.ts';
import { failures, Traffic } from './traffic.ts';

const HOUR = 3_600_000;
const LIFETIME_MS = 2000;
/** Forth and back: by how much the clock is wrong, one after the other. */
const STEPS = [-3 * HOUR, 0, 5 * HOUR, -48 * HOUR, 1, 12 * HOUR];

t.jobs = 2;

for (const api of ['stable_token', 'token'] as const) {
  t.test(`the clock is set back and forth by hours: every request succeeds (${api})`, async (t) => {
    const clock = movedClock(t);
    const { server, simulator } = await serverAndSimulator(
      t,
      {
        ...clock.env,
        WXPROXY_TOKEN_API: api,
        WXPROXY_REPLAY_BODY_LIMIT: '1KiB',
      },
      // A token that is kept for long beyond its time is refused.
      { lifetimeMs: LIFETIME_MS, overlapMs: LIFETIME_MS / 2 },
    );
    const agent = new Agent({ keepAlive: true });
    t.teardown(() => agent.destroy());
    const traffic = new Traffic(
      server.url,
      {
        apps: 8,
        pauseMs: 20,
        next: (app) =>
          app % 2 === 0
            ? { path: '/wxa/order' }
            : { method: 'POST', path: '/wxa/order', body: 'x'.repeat(2048) },
      },
      agent,
    );
    let wrongByMs = 0;
    for (const byMs of STEPS) {
      await clock.advance(byMs - wrongByMs, 0);
      wrongByMs = byMs;
      // Long enough for the token in hand to expire by the clock that nobody set.
      await delay(LIFETIME_MS * 0.7);
    }
    const sent = await traffic.stop();
    t.strictSame(failures(sent), []);
    t.ok(sent.length > 500, `${sent.length} requests`);
    t.equal(simulator.counts.rejectedCalls, 0, 'none left with a token that WeChat had retired');
    const calls = simulator.counts.tokenCalls;
    t.ok(calls >= STEPS.length / 2, `${calls} token calls: it was renewed all the time`);
    t.ok(calls < 6 * STEPS.length, 'and not more often than the steps explain');
    const metrics = await (await fetch(`${server.admin}/metrics`)).text();
    t.equal(sumOf(metrics, 'wxproxy_token_refresh_failures_total', {}), 0);
    figure(
      'requests failed while the clock was set by hours',
      failures(sent).length,
      `of ${sent.length}`,
    );
  });
}
