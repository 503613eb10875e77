/** Latency at few and at many connections, and of the app's own call to the upstream beside it. */
import type { Running } from '../contenders/contender.ts';
import { load, type LoadOptions } from '../load/load.ts';
import { workload } from '../load/requests.ts';
import { DIRECT, type LatencyResult } from '../results.ts';
import { interleaved, quantile } from '../statistics.ts';
import { ACCOUNTS } from '../upstream/accounts.ts';
import type { Bench } from './bench.ts';

/** @param latency what is measured is added there */
export async function measureLatency(
  bench: Bench,
  running: readonly Running[],
  rounds: readonly number[],
  latency: LatencyResult[],
): Promise<void> {
  const { plan, upstream, certificate } = bench;
  const direct: Lane = {
    name: DIRECT,
    target: { port: Number(upstream.address.split(':')[1]), ca: certificate.ca },
    workload: workload('get', { host: upstream.address, token: ACCOUNTS.token(0) }),
  };
  const lanes = [
    direct,
    ...running.map(({ contender: { name }, place: { port } }) => ({
      name,
      target: { port },
      workload: workload('get', { host: `127.0.0.1:${port}` }),
    })),
  ];
  for (const { target, workload: work } of lanes) {
    const until = { requests: plan.warmUp.get };
    await load({
      target,
      workload: work,
      connections: plan.connections.get,
      leadInMs: 0,
      until,
      awake: bench.pinned,
    });
  }
  for (const [index, connections] of plan.latencyConnections.entries()) {
    const result = (latency[index] ??= { connections, rounds: {} });
    await measureRounds(bench, lanes, rounds, result);
  }
}

async function measureRounds(
  { plan, pinned, say }: Bench,
  lanes: readonly Lane[],
  rounds: readonly number[],
  { connections, rounds: latencies }: LatencyResult,
): Promise<void> {
  for (const round of rounds) {
    for (const { name, target, workload: work } of interleaved(lanes, round)) {
      const { requests, latenciesUs } = await load({
        target,
        workload: work,
        connections,
        leadInMs: plan.leadInMs,
        until: { ms: plan.latencyMs },
        awake: pinned,
      });
      const p50Us = quantile(latenciesUs, 0.5);
      (latencies[name] ??= []).push({ requests, p50Us, p99Us: quantile(latenciesUs, 0.99) });
      say(
        `latency: round ${round + 1} of ${plan.rounds}: ${name} ${Math.round(p50Us)} µs at ${connections}`,
      );
    }
  }
}

type Lane = Pick<LoadOptions, 'target' | 'workload'> & { readonly name: string };
