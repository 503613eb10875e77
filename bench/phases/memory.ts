/** Resident memory of a fresh process: after its first call, and after very many. */
import { setTimeout as sleep } from 'node:timers/promises';
import { workload } from '../load/requests.ts';
import { memory } from '../process-figures.ts';
import type { ByContender, MemoryResult } from '../results.ts';
import type { Bench } from './bench.ts';
import { warmUp } from './measure.ts';
import { firstRequest, mustBeAnswered } from './startup.ts';

/** They alternate, a tenth of all requests at a time, half of it GETs and half POSTs. */
const TURNS = 10;

export async function measureMemory(bench: Bench): Promise<ByContender<MemoryResult>> {
  const { plan, fleet, contenders, say } = bench;
  const results: ByContender<MemoryResult> = {};
  const requests = Math.ceil(plan.memoryRequests / TURNS / 2);
  for (const contender of contenders) {
    say(`memory: ${contender.name}, ${plan.memoryRequests} requests`);
    const started = await fleet.start(contender, firstRequest);
    mustBeAnswered(contender, started.firstAnswer.status);
    await sleep(plan.settleMs);
    const idle = memory(started.pid);
    const host = `127.0.0.1:${started.place.port}`;
    const works = [workload('get', { host }), workload('post', { host })];
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const work of works) {
        await warmUp(bench, started, work, { requests, connections: plan.connections.get });
      }
    }
    await sleep(plan.settleMs);
    const loaded = memory(started.pid);
    await fleet.stop(started);
    results[contender.name] = { idle, loaded, requests: requests * 2 * TURNS };
  }
  return results;
}
