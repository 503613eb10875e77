/** Replicas as real processes, and apps that call them all the time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { startServer, type ServerProcess } from './process.ts';
import { sumOf, until } from './proxy.ts';

export interface Replica extends ServerProcess {
  /** The value of a series of its `/metrics`, 0 where there is none. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Starts replicas together; does not wait until they have their token. */
export function startFleet(t: Test, count: number, env: Env): Promise<readonly Replica[]> {
  return Promise.all(Array.from({ length: count }, () => startReplica(t, env)));
}

export async function startReplica(t: Test, env: Env): Promise<Replica> {
  const server = await startServer(t, env);
  return Object.assign(server, {
    async metric(name: string, labels: Readonly<Record<string, string>> = {}) {
      const text = await (await fetch(`${server.admin}/metrics`)).text();
      return sumOf(text, `wxproxy_${name}`, labels);
    },
  });
}

export function allReady(replicas: readonly Replica[]): Promise<void> {
  return until(
    async () => (await Promise.all(replicas.map(isReady))).every(Boolean),
    'all replicas are ready',
    20_000,
  );
}

async function isReady({ admin }: Replica): Promise<boolean> {
  return (await fetch(`${admin}/readyz`)).ok;
}

export async function sumOfMetric(
  replicas: readonly Replica[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const values = await Promise.all(replicas.map((replica) => replica.metric(name, labels)));
  return values.reduce((sum, value) => sum + value, 0);
}

export interface Load {
  /** Answers so far. */
  readonly calls: number;
  /** What was no good answer: status and body. */
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

/** One app for each replica, each making one call after the other. */
export function load(t: Test, replicas: readonly Pick<Replica, 'url'>[], pauseMs = 20): Load {
  let calls = 0;
  const failures: string[] = [];
  const ended = new AbortController();
  const app = async ({ url }: Pick<Replica, 'url'>, number: number): Promise<void> => {
    while (!ended.signal.aborted) {
      const failure = await good(`${url}/wxa/order?app=${number}`);
      calls += 1;
      if (failure !== undefined) failures.push(failure);
      await delay(pauseMs);
    }
  };
  const apps = replicas.map(app);
  const stop = async (): Promise<void> => {
    ended.abort();
    await Promise.all(apps);
  };
  t.teardown(stop);
  return {
    get calls() {
      return calls;
    },
    failures,
    stop,
  };
}

/** @returns what was wrong with the answer */
export async function good(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url);
    const body = await response.text();
    if (response.status === 200 && body.startsWith('{"errcode":0,')) return undefined;
    return `${response.status} ${body}`;
  } catch (error) {
    return String(error);
  }
}
