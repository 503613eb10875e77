/** Requests per CPU-second, and latency at as many connections: all contenders at once, by turns. */
import type { Running } from '../contenders/contender.ts';
import { workload, type Workload } from '../load/requests.ts';
import type { ByContender, Slice } from '../results.ts';
import type { Scenario } from '../scenarios.ts';
import { interleaved, turnsOf } from '../statistics.ts';
import type { Bench } from './bench.ts';
import { measureSlice, warmUp } from './measure.ts';

/** @param slices what is measured is added there */
export async function measureThroughput(
  bench: Bench,
  running: readonly Running[],
  scenario: Scenario,
  rounds: readonly number[],
  slices: ByContender<Slice[]>,
): Promise<void> {
  const { plan, say } = bench;
  const connections = plan.connections[scenario];
  const workloads = new Map<Running, Workload>();
  for (const one of running) {
    const work = workload(scenario, { host: `127.0.0.1:${one.place.port}` });
    workloads.set(one, work);
    say(`${scenario}: ${one.contender.name} warms up`);
    await warmUp(bench, one, work, { requests: plan.warmUp[scenario], connections });
  }
  const turns = plan.turns[scenario];
  for (const turn of turnsOf(rounds, turns)) {
    for (const one of interleaved(running, turn)) {
      const { name } = one.contender;
      const slice = await measureSlice(bench, one, workloads.get(one) as Workload, connections);
      (slices[name] ??= []).push(slice);
      const rate = Math.round((slice.requests / slice.cpuMs) * 1000);
      say(
        `${scenario}: turn ${turn + 1} of ${plan.rounds * turns}: ${name} ${rate} per CPU-second`,
      );
    }
  }
}
