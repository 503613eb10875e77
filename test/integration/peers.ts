import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  readonly sidecar: (env?: Env) => Promise<RunningProxy>;
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

export interface Seen {
  readonly url: string;
  readonly headers: string;
  readonly body: string;
}

/** Stands before a central server and sees what sidecars send it. @returns its address */
export async function spyBefore(t: Test, central: string, seen: Seen[]): Promise<string> {
  const spy = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.concat(chunks);
      seen.push({ url: req.url ?? '', headers: req.rawHeaders.join('\n'), body: String(body) });
      const onward = request(central + req.url, { method: req.method, headers: req.headers });
      onward.on('response', (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      });
      onward.end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(spy, 'listening');
  t.teardown(() => {
    spy.closeAllConnections();
    spy.close();
  });
  return `http://127.0.0.1:${(spy.address() as AddressInfo).port}`;
}
