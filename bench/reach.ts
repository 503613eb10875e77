/** What was promised, held against one run's figures. */
import type { Results } from './results.ts';
import { pairedRatios, spread } from './statistics.ts';
import { addedP50Us, bestOther, rateRatio, rates, ratio } from './summary.ts';

export interface Reached {
  readonly promise: string;
  /** As measured, with its bound: `0.93 (at least 0.90)`. */
  readonly measured: string;
  readonly passed: boolean;
}

const OURS = 'ours';
const FLOOR = 'node-floor';
const KIBIBYTE = 1024;

/** One entry for each promise whose figures the run has. */
export function reach(results: Results): readonly Reached[] {
  const alone = results.latency?.find(({ connections }) => connections === 1);
  return [
    ...requestsPerCpuSecond(results),
    ...bodies(results),
    atMost(
      'added p50 latency at 1 connection, by the floor’s',
      ratio(addedP50Us(alone, OURS), addedP50Us(alone, FLOOR))?.median,
      1.3,
    ),
    ...memoryAndStart(results),
    ...accounts(results),
    ...scrape(results),
  ].filter((line) => line !== undefined);
}

function requestsPerCpuSecond(results: Results): (Reached | undefined)[] {
  return (['get', 'post'] as const).flatMap((scenario) => {
    const by = (reference: string | undefined): number | undefined =>
      reference === undefined ? undefined : rateRatio(results, scenario, OURS, reference)?.median;
    const what = `requests per CPU-second, ${scenario === 'get' ? 'small GET' : '2 KiB POST'}, by`;
    const best = bestOther(results, scenario);
    return [
      atLeast(`${what} the floor’s`, by(FLOOR), 0.9),
      atLeast(`${what} http-proxy’s`, by('http-proxy'), 2.2),
      atLeast(`${what} the best other Node proxy’s (${best ?? 'none'})`, by(best), 1.2),
      atLeast(`${what} nginx’s`, by('nginx'), 0.3),
    ];
  });
}

function bodies(results: Results): (Reached | undefined)[] {
  return (['upload', 'download'] as const).map((scenario) => {
    const slices = results.throughput[scenario];
    // CPU for each byte is the inverse of the rate.
    const found = ratio(rates(slices?.[FLOOR]), rates(slices?.[OURS]));
    return atMost(`CPU per byte, 1 MiB ${scenario}, by the floor’s`, found?.median, 1.2);
  });
}

function memoryAndStart({ memory, startup }: Results): (Reached | undefined)[] {
  const ours = memory?.[OURS];
  const floor = memory?.[FLOOR];
  const wall = (name: string): number[] | undefined => startup?.[name]?.map(({ wallMs }) => wallMs);
  return [
    atMost(
      'resident memory, idle, by the floor’s',
      ours && floor && ours.idle.rssBytes / floor.idle.rssBytes,
      1.2,
    ),
    atMost(
      `resident memory after ${ours?.requests.toLocaleString('en') ?? ''} requests, by the floor’s`,
      ours && floor && ours.loaded.rssBytes / floor.loaded.rssBytes,
      1.3,
    ),
    atMost(
      'spawn to first answered call, wall, by the floor’s',
      ratio(wall(OURS), wall(FLOOR))?.median,
      1.5,
    ),
  ];
}

/** "Not slower": two runs of the same program differ by as much. */
const MANY_START = 1.05;

function accounts({ accounts: crowds = [] }: Results): (Reached | undefined)[] {
  const [one] = crowds;
  const many = crowds.at(-1);
  if (one === undefined || many === undefined || one === many) return [];
  const count = many.accounts.toLocaleString('en');
  const idle = (crowd: typeof one): number =>
    spread(crowd.idle.map(({ rssBytes }) => rssBytes)).median;
  const wall = (crowd: typeof one): number[] => crowd.startups.map(({ wallMs }) => wallMs);
  const alike = crowds.filter(({ accounts: all }) => all === many.accounts);
  return [
    atMost(
      `${count} accounts: start-up, by that with one`,
      // All of these start with the same file.
      spread(alike.flatMap((crowd) => pairedRatios(wall(crowd), wall(one)))).median,
      MANY_START,
    ),
    atMost(`${count} accounts: token calls at the start`, many.tokenCallsAtStart, 1),
    atMost(
      `${count} accounts: KiB each while idle`,
      (idle(many) - idle(one)) / (many.accounts - one.accounts) / KIBIBYTE,
      2,
    ),
    ...alike.map(({ inUse, slices }) =>
      atLeast(
        `${count} accounts, ${inUse.toLocaleString('en')} in use: requests per CPU-second, by that of one`,
        ratio(rates(slices), rates(one.slices))?.median,
        0.9,
      ),
    ),
  ];
}

const SCRAPE_MS = 20;

function scrape({ scrape: found }: Results): (Reached | undefined)[] {
  if (found === undefined) return [];
  const what = `a scrape with ${found.accounts} active accounts:`;
  return [
    atMost(`${what} ms of the event loop`, spread(found.threadMs).median, SCRAPE_MS),
    atMost(`${what} ms that another request waits`, spread(found.longestWaitMs).median, SCRAPE_MS),
  ];
}

function atLeast(promise: string, value: number | undefined, bound: number): Reached | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  return {
    promise,
    measured: `${value.toFixed(2)} (at least ${bound.toFixed(2)})`,
    passed: value >= bound,
  };
}

function atMost(promise: string, value: number | undefined, bound: number): Reached | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  return {
    promise,
    measured: `${value.toFixed(2)} (at most ${bound.toFixed(2)})`,
    passed: value <= bound,
  };
}
