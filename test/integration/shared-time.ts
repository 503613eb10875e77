import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { FakeClock } from '../helpers/fake-clock.ts';
import { startProxy, untilReady, type RunningProxy } from '../helpers/proxy.ts';

/** A proxy that has its token and the simulator that gave it: time passes for both, when it is told to. */
export async function proxyInSharedTime(
  t: Test,
  env: Readonly<Record<string, string>> = {},
): Promise<{ proxy: RunningProxy; simulator: Simulator; clock: FakeClock }> {
  const clock = new FakeClock();
  const simulator = await startSimulator({ now: () => clock.now() });
  t.teardown(() => simulator.stop());
  const proxy = await startProxy(t, { upstream: simulator.url, env, clock });
  await untilReady(proxy);
  return { proxy, simulator, clock };
}

/** Time passes quickly until the promise has settled: for what waits for WeChat and for a timer. */
export async function timePasses<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  const state = { settled: false };
  const settled = promise.finally(() => {
    state.settled = true;
  });
  while (!state.settled) {
    await clock.advance(50);
    await delay(1);
  }
  return settled;
}
