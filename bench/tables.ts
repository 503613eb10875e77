/** A run's figures as tables, for the screen and for the page alike. */
import { reach } from './reach.ts';
import { DIRECT, type AccountsResult, type LatencyResult, type Results } from './results.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { quantile, spread, type Spread } from './statistics.ts';
import { addedP50Us, addedP99Us, medianOf, rateRatio, rates, ratio } from './summary.ts';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const SCENARIO_TITLES: Readonly<Record<Scenario, string>> = {
  get: 'Small GET',
  post: '2 KiB POST',
  upload: '1 MiB upload',
  download: '1 MiB download',
};

const NONE = '–';

export function tables(results: Results): readonly Table[] {
  return [
    ...SCENARIOS.filter((scenario) => results.throughput[scenario]).map((scenario) =>
      throughputTable(results, scenario),
    ),
    ...(results.latency ?? []).map(latencyTable),
    costTable(results),
    accountsTable(results),
    scrapeTable(results),
    reachTable(results),
  ].filter((table) => table !== undefined && table.rows.length > 0) as Table[];
}

function throughputTable(results: Results, scenario: Scenario): Table {
  const slices = results.throughput[scenario] ?? {};
  const builds = results.contenders.filter(({ kind }) => kind === 'ours').length;
  const references = [...(builds > 1 ? ['ours'] : []), 'node-floor', 'nginx', 'http-proxy'].filter(
    (name) => slices[name],
  );
  return {
    title: `${SCENARIO_TITLES[scenario]}, ${results.plan.connections[scenario]} connections`,
    head: [
      'contender',
      'requests per CPU-second',
      ...references.map((name) => `by ${name}`),
      'p50 ms',
      'p99 ms',
      'its core busy',
      ...(results.loadAwake ? [] : ['load’s core busy']),
    ],
    rows: Object.entries(slices).map(([name, rounds]) => [
      name,
      rounded(spread(rates(rounds)).median),
      ...references.map((reference) => spreadText(rateRatio(results, scenario, name, reference))),
      fixed(medianOf(slices, name, ({ p50Us }) => p50Us / 1000)),
      fixed(medianOf(slices, name, ({ p99Us }) => p99Us / 1000)),
      percent(medianOf(slices, name, ({ cpuMs, ms }) => cpuMs / ms)),
      ...(results.loadAwake ? [] : [percent(medianOf(slices, name, ({ loadShare }) => loadShare))]),
    ]),
  };
}

function latencyTable(latency: LatencyResult): Table {
  const { connections, rounds } = latency;
  const floor = addedP50Us(latency, 'node-floor');
  return {
    title: `Latency of a small GET, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
    head: [
      'contender',
      'p50 µs',
      'added p50 µs',
      'added p50 by node-floor',
      'p99 µs',
      'added p99 µs',
    ],
    rows: Object.keys(rounds).map((name) => [
      name === DIRECT ? 'no proxy' : name,
      rounded(medianOf(rounds, name, ({ p50Us }) => p50Us)),
      name === DIRECT ? NONE : rounded(spread(addedP50Us(latency, name)).median),
      name === DIRECT ? NONE : spreadText(ratio(addedP50Us(latency, name), floor)),
      rounded(medianOf(rounds, name, ({ p99Us }) => p99Us)),
      name === DIRECT ? NONE : rounded(spread(addedP99Us(latency, name)).median),
    ]),
  };
}

/** Start and memory: what a pod pays before and between requests. */
function costTable({ contenders, startup, memory, plan }: Results): Table | undefined {
  if (startup === undefined && memory === undefined) return undefined;
  const requests = Object.values(memory ?? {})[0]?.requests ?? plan.memoryRequests;
  return {
    title: 'Start and resident memory',
    head: [
      'contender',
      'first answer after ms',
      'by node-floor',
      'CPU ms until then',
      'MiB idle',
      `MiB after ${requests.toLocaleString('en')} requests`,
      'idle, shared pages divided',
      'after, shared pages divided',
    ],
    rows: contenders
      .filter(({ name }) => startup?.[name] ?? memory?.[name])
      .map(({ name }) => [
        name,
        rounded(medianOf(startup, name, ({ wallMs }) => wallMs)),
        spreadText(
          ratio(
            startup?.[name]?.map(({ wallMs }) => wallMs),
            startup?.['node-floor']?.map(({ wallMs }) => wallMs),
          ),
        ),
        rounded(medianOf(startup, name, ({ cpuMs }) => cpuMs)),
        mebibytes(memory?.[name]?.idle.rssBytes),
        mebibytes(memory?.[name]?.loaded.rssBytes),
        mebibytes(memory?.[name]?.idle.pssBytes),
        mebibytes(memory?.[name]?.loaded.pssBytes),
      ]),
  };
}

function accountsTable({ accounts = [] }: Results): Table {
  const [one] = accounts;
  const walls = (crowd: AccountsResult): number[] => crowd.startups.map(({ wallMs }) => wallMs);
  return {
    title: 'Ours with many accounts',
    head: [
      'accounts',
      'in use',
      'requests per CPU-second',
      'by one account',
      'first answer after ms',
      'by one account',
      'token calls at the start',
      'MiB idle',
      'MiB after load',
    ],
    rows: accounts.map((crowd) => [
      crowd.accounts.toLocaleString('en'),
      crowd.inUse.toLocaleString('en'),
      rounded(spread(rates(crowd.slices)).median),
      spreadText(ratio(rates(crowd.slices), rates(one?.slices))),
      rounded(spread(walls(crowd)).median),
      spreadText(ratio(walls(crowd), one && walls(one))),
      String(crowd.tokenCallsAtStart),
      mebibytes(spread(crowd.idle.map(({ rssBytes }) => rssBytes)).median),
      mebibytes(crowd.active.rssBytes),
    ]),
  };
}

function scrapeTable({ scrape }: Results): Table | undefined {
  if (scrape === undefined) return undefined;
  const { accounts, bytes, threadMs, longestWaitMs } = scrape;
  return {
    title: 'A scrape of /metrics',
    head: ['active accounts', 'KiB', 'figure', 'first', 'median', 'longest'],
    rows: [
      [
        String(accounts),
        rounded(bytes / 1024),
        'ms of the event loop’s thread',
        ...firstMedianLongest(threadMs),
      ],
      [
        String(accounts),
        rounded(bytes / 1024),
        'longest wait of another request, ms',
        ...firstMedianLongest(longestWaitMs),
      ],
    ],
  };
}

function firstMedianLongest(values: readonly number[]): string[] {
  return [values[0], quantile(values, 0.5), quantile(values, 1)].map((value) => fixed(value));
}

function reachTable(results: Results): Table {
  return {
    title: 'Reach',
    head: ['', 'promise', 'measured'],
    rows: reach(results).map(({ promise, measured, passed }) => [
      passed ? 'pass' : 'FAIL',
      promise,
      measured,
    ]),
  };
}

/** Median, and the quartiles around it. */
function spreadText(found: Spread | undefined): string {
  if (found === undefined) return NONE;
  const { q1, median, q3 } = found;
  return `${median.toFixed(2)} (${q1.toFixed(2)}–${q3.toFixed(2)})`;
}

function rounded(value: number | undefined): string {
  return value === undefined ? NONE : Math.round(value).toLocaleString('en');
}

function fixed(value: number | undefined): string {
  return value === undefined ? NONE : value.toFixed(2);
}

function percent(value: number | undefined): string {
  return value === undefined ? NONE : `${Math.round(value * 100)} %`;
}

function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? NONE : (bytes / 2 ** 20).toFixed(1);
}
