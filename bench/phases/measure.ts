/** One slice: a contender under load for a while. */
import type { Running } from '../contenders/contender.ts';
import { load, type LoadResult } from '../load/load.ts';
import type { Workload } from '../load/requests.ts';
import { cpuMs } from '../process-figures.ts';
import type { Slice } from '../results.ts';
import { quantile } from '../statistics.ts';
import type { Bench } from './bench.ts';

export async function measureSlice(
  { plan: { leadInMs, sliceMs }, upstream, pinned }: Bench,
  { contender, pid, place }: Running,
  workload: Workload,
  connections: number,
): Promise<Slice> {
  let cpu = 0;
  let own = process.cpuUsage();
  const result = await named(
    contender.name,
    load({
      target: { port: place.port },
      workload,
      connections,
      leadInMs,
      awake: pinned,
      until: { ms: sliceMs },
      measured: {
        begin() {
          own = process.cpuUsage();
          cpu = cpuMs(pid);
        },
        end() {
          cpu = cpuMs(pid) - cpu;
          own = process.cpuUsage(own);
        },
      },
    }),
    upstream,
  );
  return {
    requests: result.requests,
    ms: result.ms,
    cpuMs: cpu,
    p50Us: quantile(result.latenciesUs, 0.5),
    p99Us: quantile(result.latenciesUs, 0.99),
    loadShare: (own.user + own.system) / 1000 / result.ms,
  };
}

/** So many requests, the figures thrown away: until the code is compiled and caches are warm. */
export async function warmUp(
  { upstream, pinned }: Bench,
  { contender, place }: Running,
  workload: Workload,
  { requests, connections }: { readonly requests: number; readonly connections: number },
): Promise<void> {
  await named(
    contender.name,
    load({
      target: { port: place.port },
      workload,
      connections,
      leadInMs: 0,
      awake: pinned,
      until: { requests },
    }),
    upstream,
  );
}

async function named(
  name: string,
  running: Promise<LoadResult>,
  upstream: Bench['upstream'],
): Promise<LoadResult> {
  try {
    const result = await running;
    if (upstream.wrong > 0) throw new Error(`${upstream.wrong} requests without the right token`);
    return result;
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
