/** Ours with few and with very many accounts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Place } from '../contenders/contender.ts';
import type { Started } from '../fleet.ts';
import { workload, type Workload } from '../load/requests.ts';
import { memory } from '../process-figures.ts';
import type { AccountsResult, MemoryFigures, Slice, Startup } from '../results.ts';
import { interleaved, sharedOut, turnsOf } from '../statistics.ts';
import { ACCOUNTS } from '../upstream/accounts.ts';
import type { Bench } from './bench.ts';
import { measureSlice, warmUp } from './measure.ts';
import { firstRequest, mustBeAnswered } from './startup.ts';

interface Crowd {
  readonly accounts: number;
  readonly inUse: number;
  readonly place: Pick<Place, 'accountsFile'>;
  readonly startups: Startup[];
  readonly idle: MemoryFigures[];
  readonly slices: Slice[];
  tokenCallsAtStart: number;
}

/** @returns nothing where ours is not among the contenders */
export async function measureAccounts(bench: Bench): Promise<readonly AccountsResult[]> {
  const contender = bench.contenders.find(({ kind }) => kind === 'ours');
  if (contender === undefined) return [];
  const crowds = bench.plan.accounts.map(({ accounts, inUse }): Crowd => {
    const file = join(bench.directory, `accounts-${accounts}.json`);
    writeFileSync(file, ACCOUNTS.file(accounts), { mode: 0o600 });
    return {
      accounts,
      inUse,
      place: { accountsFile: file },
      startups: [],
      idle: [],
      slices: [],
      tokenCallsAtStart: 0,
    };
  });
  for (let round = 0; round < bench.plan.startups; round += 1) {
    for (const crowd of interleaved(crowds, round)) await start(bench, contender, crowd);
  }
  let active: MemoryFigures[] = [];
  for (const rounds of sharedOut(bench.plan.rounds, bench.plan.processes)) {
    active = await measureSlices(bench, contender, crowds, rounds);
  }
  return crowds.map(({ place: _place, ...figures }, index) => ({
    ...figures,
    active: active[index] as MemoryFigures,
  }));
}

async function start(bench: Bench, contender: Contender, crowd: Crowd): Promise<void> {
  const { fleet, upstream, plan, say } = bench;
  const before = upstream.tokenCalls;
  const started = await fleet.start(contender, firstRequest, crowd.place);
  mustBeAnswered(contender, started.firstAnswer.status);
  const { wallMs, cpuMs } = started;
  crowd.startups.push({ wallMs, cpuMs });
  await sleep(plan.settleMs / 3);
  crowd.idle.push(memory(started.pid));
  crowd.tokenCallsAtStart = Math.max(crowd.tokenCallsAtStart, upstream.tokenCalls - before);
  await fleet.stop(started);
  say(`accounts: ${crowd.accounts} start in ${Math.round(wallMs)} ms`);
}

/** Requests name their accounts in turn, so that each of those is in use. */
async function measureSlices(
  bench: Bench,
  contender: Contender,
  crowds: readonly Crowd[],
  rounds: readonly number[],
): Promise<MemoryFigures[]> {
  const { fleet, plan, say } = bench;
  const connections = plan.connections.get;
  const running: { crowd: Crowd; started: Started; work: Workload }[] = [];
  for (const crowd of crowds) {
    const started = await fleet.start(contender, firstRequest, crowd.place);
    const accounts = crowd.inUse;
    const work = workload('get', { host: `127.0.0.1:${started.place.port}`, accounts });
    // Each of them fetches its token; only then is it the same work that all are warmed up with.
    const requests = accounts + plan.warmUp.get;
    await warmUp(bench, started, work, { requests, connections });
    running.push({ crowd, started, work });
  }
  for (const turn of turnsOf(rounds, plan.turns.accounts)) {
    for (const { crowd, started, work } of interleaved(running, turn)) {
      const slice = await measureSlice(bench, started, work, connections);
      crowd.slices.push(slice);
      const rate = Math.round((slice.requests / slice.cpuMs) * 1000);
      say(
        `accounts: turn ${turn + 1} of ${plan.rounds * plan.turns.accounts}: ${crowd.inUse} of ${crowd.accounts} in use, ${rate} per CPU-second`,
      );
    }
  }
  const active = running.map(({ started }) => memory(started.pid));
  await Promise.all(running.map(({ started }) => fleet.stop(started)));
  return active;
}
