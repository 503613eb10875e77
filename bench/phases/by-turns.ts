/**
 * All that is measured by turns, all contenders being up. Each is started anew several times: how V8 happens
 * to compile a process, and where its memory lies, is worth some per cent for as long as it lives.
 */
import type { Started } from '../fleet.ts';
import type { Options } from '../options.ts';
import { prove, proveVerifies } from '../prove.ts';
import type { LatencyResult, Results } from '../results.ts';
import { SCENARIOS } from '../scenarios.ts';
import { sharedOut } from '../statistics.ts';
import type { Bench } from './bench.ts';
import { measureLatency } from './latency.ts';
import { firstRequest } from './startup.ts';
import { measureThroughput } from './throughput.ts';

/** @param stranger an upstream whose certificate nobody trusts */
export async function measureByTurns(
  bench: Bench,
  phases: Options['phases'],
  stranger: Bench['upstream'],
): Promise<Pick<Results, 'throughput' | 'latency'>> {
  const { fleet, contenders, plan } = bench;
  for (const contender of contenders) await proveVerifies(contender, fleet, stranger);
  const throughput: Results['throughput'] = {};
  const latency: LatencyResult[] = [];
  const none = !phases.has('latency') && SCENARIOS.every((scenario) => !phases.has(scenario));
  for (const rounds of none ? [[]] : sharedOut(plan.rounds, plan.processes)) {
    const running = await startAll(bench);
    for (const scenario of SCENARIOS) {
      if (!phases.has(scenario)) continue;
      const slices = (throughput[scenario] ??= {});
      await measureThroughput(bench, running, scenario, rounds, slices);
    }
    if (phases.has('latency')) await measureLatency(bench, running, rounds, latency);
    await fleet.stopAll();
  }
  return { throughput, ...(latency.length > 0 && { latency }) };
}

/** Each proven right before it is timed. */
async function startAll({ fleet, upstream, contenders, say }: Bench): Promise<Started[]> {
  const running: Started[] = [];
  for (const contender of contenders) {
    say(`proof: ${contender.name}`);
    const started = await fleet.start(contender, firstRequest);
    await prove(started, upstream);
    running.push(started);
  }
  return running;
}
