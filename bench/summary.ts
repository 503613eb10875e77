/** Raw figures of every round → what the tables and the reach show. */
import {
  DIRECT,
  type ByContender,
  type LatencyResult,
  type Machine,
  type Results,
  type Slice,
} from './results.ts';
import type { Scenario } from './scenarios.ts';
import { pairedRatios, spread, type Spread } from './statistics.ts';

/** A machine that nobody else uses is below it when a run begins, what bundling has left included. */
const QUIET_LOAD = 0.5;

/** Whether somebody else was at work on the machine when the run began. */
export function wasBusy({ load }: Machine): boolean {
  return load > QUIET_LOAD;
}

/** Requests per CPU-second in each round. */
export function rates(slices: readonly Slice[] | undefined): number[] {
  return (slices ?? []).map(({ requests, cpuMs }) => (requests / cpuMs) * 1000);
}

/** @returns the spread of one contender's rate by another's, round by round; nothing where one has none */
export function rateRatio(
  { throughput }: Results,
  scenario: Scenario,
  name: string,
  reference: string,
): Spread | undefined {
  const byName = throughput[scenario] ?? {};
  return ratio(rates(byName[name]), rates(byName[reference]));
}

/** µs that the contender adds to the median latency of the app's own call, in each round. */
export function addedP50Us(latency: LatencyResult | undefined, name: string): number[] {
  return added(latency, name, 'p50Us');
}

export function addedP99Us(latency: LatencyResult | undefined, name: string): number[] {
  return added(latency, name, 'p99Us');
}

function added(
  latency: LatencyResult | undefined,
  name: string,
  figure: 'p50Us' | 'p99Us',
): number[] {
  const direct = latency?.rounds[DIRECT] ?? [];
  const through = latency?.rounds[name] ?? [];
  return through.flatMap((round, index) => {
    const own = direct[index];
    return own === undefined ? [] : [round[figure] - own[figure]];
  });
}

/** The other Node proxies' medians beside the reference: the best of them. */
export function bestOther(results: Results, scenario: Scenario): string | undefined {
  let best: { readonly name: string; readonly rate: number } | undefined;
  for (const { name, kind } of results.contenders) {
    const found = rates(results.throughput[scenario]?.[name]);
    if (kind !== 'other' || found.length === 0) continue;
    const rate = spread(found).median;
    if (best === undefined || rate > best.rate) best = { name, rate };
  }
  return best?.name;
}

export function ratio(
  values: readonly number[] | undefined,
  reference: readonly number[] | undefined,
): Spread | undefined {
  if (!values?.length || !reference?.length) return undefined;
  return spread(pairedRatios(values, reference));
}

export function medianOf<T>(
  results: ByContender<readonly T[]> | undefined,
  name: string,
  figure: (round: T) => number,
): number | undefined {
  const rounds = results?.[name];
  return rounds === undefined ? undefined : spread(rounds.map(figure)).median;
}
