/** A soak: the real proxy before a simulator, each a process of its own, under mixed traffic for long. */
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { Random } from '../conformance/fuzz-random.ts';
import { startProgram, startServer } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { preloading } from './preload.ts';
import { callOnce } from './soak-calls.ts';
import { Gauge, growthFaults, type Growth } from './soak-gauge.ts';

export interface SoakOptions {
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  readonly seed: number;
  readonly log: (line: string) => void;
  /** A module of this folder that the proxy loads as well. */
  readonly preload?: string | undefined;
}

export interface SoakReport {
  readonly requests: number;
  /** By kind. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly rotations: number;
  /** Streamed uploads that met a rotation and were sent again by the app. */
  readonly again: number;
  readonly failures: readonly string[];
  /** undefined where it was given up for its failures. */
  readonly growth: Growth | undefined;
  /** What is wrong, in words; none: it passed. */
  readonly faults: readonly string[];
}

const ROTATE_MS = 4000;
const LOG_MS = 10_000;
/** So many failures are enough. */
const MOST_FAILURES = 10;
const CONNECTIONS = 64;
/** More requests at a time than this: the proxy does not keep up, and that is no soak. */
const MOST_OPEN = 500;

/** @param t its teardown ends everything */
export async function soak(
  t: Pick<Test, 'teardown'>,
  { seconds, rate, seed, log, preload }: SoakOptions,
): Promise<SoakReport> {
  const { server, control } = await stage(t as Test, preload);
  const gauge = new Gauge(server);
  const random = new Random(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  t.teardown(() => agent.destroy());
  const failures: string[] = [];
  const kinds: Record<string, number> = {};
  let requests = 0;
  let again = 0;
  let rotations = 0;
  const open = new Set<Promise<void>>();
  const startedMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedMs;
  const endsMs = seconds * 1000;
  const goesOn = (): boolean => elapsedMs() < endsMs && failures.length < MOST_FAILURES;

  const one = async (): Promise<void> => {
    const outcome = await callOnce(server.url, random, agent);
    kinds[outcome.kind] = (kinds[outcome.kind] ?? 0) + 1;
    if (outcome.again) again++;
    if (outcome.fault !== undefined) failures.push(`${outcome.kind}: ${outcome.fault}`);
  };
  const drive = async (): Promise<void> => {
    while (goesOn()) {
      const due = (elapsedMs() / 1000) * rate;
      while (requests < due && open.size < MOST_OPEN) {
        requests++;
        const tracked: Promise<void> = one().finally(() => open.delete(tracked));
        open.add(tracked);
      }
      await delay(10);
    }
    await Promise.all(open);
  };
  const rotate = async (): Promise<void> => {
    for (let nextMs = ROTATE_MS; nextMs < endsMs; nextMs += ROTATE_MS) {
      while (goesOn() && elapsedMs() < nextMs) await delay(50);
      if (!goesOn()) return;
      await control('rotate', {});
      rotations++;
    }
  };
  const observe = async (): Promise<void> => {
    for (let nextLogMs = LOG_MS; goesOn();) {
      await delay(Math.max(500, endsMs / 200));
      const seen = await gauge.look(elapsedMs);
      if (elapsedMs() < nextLogMs) continue;
      nextLogMs += LOG_MS;
      log(
        `${Math.round(elapsedMs() / 1000)} s: ${requests} requests, ${failures.length} failed, ${rotations} rotations, ${seen}`,
      );
    }
  };
  await Promise.all([drive(), rotate(), observe()]);

  const growth = failures.length < MOST_FAILURES ? gauge.growth(endsMs / 2) : undefined;
  const faults = [...failures, ...(growth === undefined ? [] : growthFaults(growth))];
  if (growth !== undefined && requests < 0.8 * rate * seconds) {
    faults.push(`it did not keep up: ${requests} requests`);
  }
  if (server.stderr !== '') faults.push(`on standard error: ${server.stderr.slice(0, 500)}`);
  return { requests, kinds, rotations, again, failures, growth, faults };
}

async function stage(t: Test, preload: string | undefined) {
  const upstream = await simulated(t);
  const more = preload === undefined ? '' : preloading(preload).NODE_OPTIONS;
  const server = await startServer(t, {
    WXPROXY_UPSTREAM: upstream.url,
    WXPROXY_REPLAY_BODY_LIMIT: '64KiB',
    NODE_OPTIONS: `${preloading('collected.ts').NODE_OPTIONS} ${more}`,
  });
  await until(async () => (await fetch(`${server.admin}/readyz`)).ok, 'the proxy is ready');
  return { server, control: upstream.control };
}

/** A simulator in a process of its own: short lives, and answers compressed for those who take it. */
async function simulated(t: Test) {
  const argv = ['simulate', '--port', '0', '--lifetime', '20s', '--overlap', '5s'];
  const program = startProgram(t, argv);
  const place = (): string | undefined => /desk: (http:\S+)/.exec(program.stdout)?.[1];
  await until(() => place() !== undefined, 'the simulator listens');
  const url = place() as string;
  const control = async (name: string, input: object): Promise<void> => {
    const { ok, status } = await fetch(`${url}/__simulator/${name}`, {
      method: 'POST',
      body: JSON.stringify(input),
    });
    if (!ok) throw new Error(`the simulator answered ${status} to ${name}`);
  };
  await control('rules', { encoding: 'gzip' });
  return { url, control };
}
