import type { Test } from 'tap';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/simulator.ts';
import type { Clock } from '../../src/token/clock.ts';
import { startProxy, untilReady, type RunningProxy } from '../helpers/proxy.ts';

export const KEY = 'the key of the central server';

type Env = Readonly<Record<string, string | undefined>>;

/** What a central server is configured with. */
export const CENTRAL: Env = { WXPROXY_TOKEN_ENDPOINTS: 'issue', WXPROXY_CLIENT_KEY: KEY };

/** A sidecar without any secret but the key of its peer. */
export function sidecarOf(peer: string, env: Env = {}): Env {
  return {
    WECHAT_APPSECRET: undefined,
    WXPROXY_TOKEN_PEER: peer,
    WXPROXY_TOKEN_PEER_KEY: KEY,
    ...env,
  };
}

export interface CentralBench {
  readonly simulator: Simulator;
  readonly central: RunningProxy;
  /** Starts a sidecar of it; does not wait for its token. */
  sidecar(env?: Env): Promise<RunningProxy>;
}

/** A WeChat, and a central server that has its token. */
export async function centralBench(
  t: Test,
  {
    env = {},
    simulated = {},
    clock,
  }: { env?: Env; simulated?: SimulatorOptions; clock?: Clock } = {},
): Promise<CentralBench> {
  const simulator = await startSimulator(simulated);
  t.teardown(() => simulator.stop());
  const timed = clock === undefined ? {} : { clock };
  const upstream = simulator.url;
  const central = await startProxy(t, { upstream, env: { ...CENTRAL, ...env }, ...timed });
  await untilReady(central);
  return {
    simulator,
    central,
    sidecar: (more = {}) =>
      startProxy(t, { upstream, env: sidecarOf(central.url, more), ...timed }),
  };
}
