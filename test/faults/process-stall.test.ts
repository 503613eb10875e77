import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { figure } from '../helpers/figures.ts';
import { serverAndSimulator } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { failures, send, Traffic, type Outgoing } from './traffic.ts';

const STALL_MS = 3000;
/** Shorter than the stall: every time-out of a request under way is due when it ends. */
const ENV = {
  WXPROXY_RESPONSE_TIMEOUT: '2s',
  WXPROXY_IDLE_TIMEOUT: '2s',
  WXPROXY_REPLAY_BODY_LIMIT: '1KiB',
};
const APPS = 120;

t.test(
  'the process is stopped for seconds: what was answered meanwhile is not timed out',
  async (t) => {
    const { server, simulator } = await serverAndSimulator(t, ENV, { lifetimeMs: 8000 });
    simulator.fault({ kind: 'delay', delayMs: 400, path: '/wxa/slow', count: 'forever' });
    const agent = new Agent({ keepAlive: true });
    t.teardown(() => agent.destroy());
    const traffic = new Traffic(server.url, { apps: APPS, next: nextRequest, pauseMs: 20 }, agent);
    await until(() => traffic.sent.length > 2 * APPS, 'the load is on');

    for (let stall = 0; stall < 2; stall++) {
      const before = traffic.sent.length;
      server.kill('SIGSTOP');
      await delay(STALL_MS);
      t.ok(traffic.sent.length < before + APPS, 'nobody is served while it is stopped');
      const resumedMs = performance.now();
      server.kill('SIGCONT');
      const alive = await send(server.admin, { path: '/healthz' });
      const tookMs = performance.now() - resumedMs;
      t.equal(alive.status, 200);
      t.ok(tookMs < 1000, `alive again after ${Math.round(tookMs)} ms`);
      figure('alive again after a stall of 3 s', tookMs, 'ms');
      await until(() => traffic.sent.length > before + 3 * APPS, 'the load goes on');
    }
    await delay(1500);
    const sent = await traffic.stop();
    t.strictSame(failures(sent), [], 'every request succeeded');
    t.equal(simulator.counts.rejectedCalls, 0, 'the token was renewed in time');
    t.ok(simulator.counts.tokenCalls >= 2, `${simulator.counts.tokenCalls} token calls`);
    figure('requests failed around two stalls of 3 s', failures(sent).length, `of ${sent.length}`);
  },
);

/** Both lanes; half of the answers are still awaited when the stall begins. */
function nextRequest(app: number): Outgoing {
  const path = app % 2 === 0 ? '/wxa/slow' : '/wxa/order';
  if (app % 4 < 2) return { path };
  return { method: 'POST', path, body: 'x'.repeat(app % 8 < 4 ? 500 : 5000) };
}
