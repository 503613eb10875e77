/** From the making of a fresh process to its first right answer. */
import { workload } from '../load/requests.ts';
import type { Contender, Place } from '../contenders/contender.ts';
import type { ByContender, Startup } from '../results.ts';
import { interleaved } from '../statistics.ts';
import type { Bench } from './bench.ts';

export async function measureStartup({
  plan,
  fleet,
  contenders,
  say,
}: Bench): Promise<ByContender<Startup[]>> {
  const startups: ByContender<Startup[]> = {};
  for (let round = 0; round < plan.startups; round += 1) {
    for (const contender of interleaved(contenders, round)) {
      const started = await fleet.start(contender, firstRequest);
      mustBeAnswered(contender, started.firstAnswer.status);
      await fleet.stop(started);
      const { wallMs, cpuMs } = started;
      (startups[contender.name] ??= []).push({ wallMs, cpuMs });
      say(
        `startup: round ${round + 1} of ${plan.startups}: ${contender.name} ${Math.round(wallMs)} ms`,
      );
    }
  }
  return startups;
}

export function firstRequest({ port }: Place): Buffer {
  return workload('get', { host: `127.0.0.1:${port}` }).requests[0] as Buffer;
}

export function mustBeAnswered({ name }: Contender, status: number): void {
  if (status !== 200) throw new Error(`${name}: its first answer has status ${status}`);
}
