/** A real proxy, in this process, before a simulator of its own: torn down with the test. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { createApp, type App } from '../../src/app.ts';
import { loadSettings } from '../../src/settings/load.ts';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/simulator.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { Clock } from '../../src/token/clock.ts';

export interface StartProxyOptions {
  /** Settings by their variable, over those of a test: `{ WXPROXY_TOKEN_API: 'token' }`; undefined unsets. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where the upstream is, if it is not the simulator. */
  readonly upstream?: string;
  readonly clock?: Clock;
}

export interface RunningProxy {
  /** `http://127.0.0.1:1234` */
  readonly url: string;
  readonly admin: string;
  /** Everything that was logged, a line each, at level trace. */
  readonly log: string[];
  readonly app: App;
  stop(): Promise<void>;
  /** The value of a series of `/metrics`, 0 where there is none: `replays_total{outcome="ok"}`. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

export async function startProxy(t: Test, options: StartProxyOptions = {}): Promise<RunningProxy> {
  const log: string[] = [];
  const logger = await createLogger({
    level: 'trace',
    format: 'json',
    destination: { write: (line: string) => void log.push(line) },
  });
  const settings = loadSettings({
    argv: [],
    env: {
      WECHAT_APPID: DEMO_ACCOUNT.appid,
      WECHAT_APPSECRET: DEMO_ACCOUNT.appsecret,
      WXPROXY_LISTEN: '127.0.0.1:0',
      WXPROXY_ADMIN_LISTEN: '127.0.0.1:0',
      WXPROXY_DRAIN_TIMEOUT: '1s',
      ...(options.upstream === undefined ? {} : { WXPROXY_UPSTREAM: options.upstream }),
      ...options.env,
    },
  });
  const app = await createApp(settings, {
    logger,
    processMetrics: false,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const { data, admin } = await app.start();
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= app.stop());
  t.teardown(stop);
  return {
    url: data,
    admin,
    log,
    app,
    stop,
    async metric(name, labels = {}) {
      const text = await (await fetch(`${admin}/metrics`)).text();
      return sumOf(text, `wxproxy_${name}`, labels);
    },
  };
}

/** A proxy that has its token, and the simulator that gave it. */
export async function proxyAndSimulator(
  t: Test,
  env: Readonly<Record<string, string>> = {},
  simulated: SimulatorOptions = {},
): Promise<{ proxy: RunningProxy; simulator: Simulator }> {
  const simulator = await startSimulator(simulated);
  t.teardown(() => simulator.stop());
  const proxy = await startProxy(t, { upstream: simulator.url, env });
  await untilReady(proxy);
  return { proxy, simulator };
}

export async function untilReady({ admin }: RunningProxy): Promise<void> {
  await until(async () => (await fetch(`${admin}/readyz`)).ok, 'the proxy is ready');
}

/** Waits for what must come about; says what did not within `withinMs`. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(10);
  }
}

export function sumOf(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>>,
): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    const [series = '', value] = line.split(/ (?=[^ ]+$)/);
    if (series !== name && !series.startsWith(`${name}{`)) continue;
    if (Object.entries(labels).every(([label, is]) => series.includes(`${label}="${is}"`))) {
      sum += Number(value);
    }
  }
  return sum;
}
