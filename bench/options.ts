/** The bench's command line. */
import { parseArgs } from 'node:util';
import { SCENARIOS } from './scenarios.ts';
import type { Plan } from './results.ts';

const PHASES = [...SCENARIOS, 'latency', 'startup', 'memory', 'accounts', 'scrape'] as const;
export type Phase = (typeof PHASES)[number];

export interface Options {
  readonly plan: Plan;
  /** undefined: all. */
  readonly only: readonly string[] | undefined;
  readonly phases: ReadonlySet<Phase>;
  readonly json: string | undefined;
  readonly oursCommand: readonly string[] | undefined;
  /** More builds of ours, by name. */
  readonly extra: readonly { readonly name: string; readonly argv: readonly string[] }[];
}

export const USAGE = `Usage: npm run bench -- [options]

Measures the proxy beside other proxies, each on one core and the load on another.

  --only NAMES         contenders, comma-separated (default: all)
  --scenarios NAMES    of ${PHASES.join(', ')} (default: all)
  --rounds N           rounds; a contender has one to three turns in each (default: 18, all in all 15 minutes)
  --full               more rounds and starts, and a million requests before memory is read, not 200,000:
                       35 minutes
  --short              see that it works; the figures say nothing
  --json FILE          where the figures go (default: bench/results/latest.json; --short: none)
  --ours-command CMD   how ours is started (default: as the image starts it)
  --extra NAME=FILE    one more build of ours, by its main module; may be repeated
  --help
`;

/** Many short turns say more than few long ones: a disturbance lasts for seconds, and hits all of one turn. */
const DEFAULT_PLAN: Plan = {
  mode: 'default',
  rounds: 18,
  turns: { get: 3, post: 3, upload: 1, download: 1, accounts: 3 },
  processes: 3,
  connections: { get: 32, post: 32, upload: 8, download: 8 },
  sliceMs: 150,
  leadInMs: 60,
  latencyMs: 200,
  latencyConnections: [1, 32],
  warmUp: { get: 20_000, post: 20_000, upload: 500, download: 500 },
  startups: 15,
  memoryRequests: 200_000,
  settleMs: 3000,
  accounts: [
    { accounts: 1, inUse: 1 },
    { accounts: 100, inUse: 100 },
    { accounts: 10_000, inUse: 1 },
    { accounts: 10_000, inUse: 10_000 },
  ],
  scrapes: 20,
  scrapeAccounts: 100,
};

const FULL_PLAN: Plan = {
  ...DEFAULT_PLAN,
  mode: 'full',
  rounds: 30,
  processes: 5,
  startups: 30,
  memoryRequests: 1_000_000,
};

const SHORT_PLAN: Plan = {
  ...DEFAULT_PLAN,
  mode: 'short',
  rounds: 2,
  turns: { get: 1, post: 1, upload: 1, download: 1, accounts: 2 },
  processes: 2,
  connections: { get: 4, post: 4, upload: 2, download: 2 },
  sliceMs: 50,
  leadInMs: 20,
  latencyMs: 50,
  warmUp: { get: 20, post: 20, upload: 2, download: 2 },
  startups: 1,
  memoryRequests: 200,
  settleMs: 30,
  accounts: [
    { accounts: 1, inUse: 1 },
    { accounts: 50, inUse: 50 },
  ],
  scrapes: 2,
  scrapeAccounts: 50,
};

/** @returns nothing where only the usage is asked for @throws {Error} in words for the user */
export function parseOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string' },
      scenarios: { type: 'string' },
      rounds: { type: 'string' },
      full: { type: 'boolean' },
      short: { type: 'boolean' },
      json: { type: 'string' },
      'ours-command': { type: 'string' },
      extra: { type: 'string', multiple: true },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return undefined;
  const plan = values.short ? SHORT_PLAN : values.full ? FULL_PLAN : DEFAULT_PLAN;
  const rounds = values.rounds === undefined ? plan.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds should be 1 or more');
  return {
    plan: { ...plan, rounds },
    only: values.only?.split(','),
    phases: phasesOf(values.scenarios),
    json: values.json ?? (values.short ? undefined : 'bench/results/latest.json'),
    oursCommand: values['ours-command']?.split(' '),
    extra: (values.extra ?? []).map(parseExtra),
  };
}

function phasesOf(text: string | undefined): ReadonlySet<Phase> {
  if (text === undefined) return new Set(PHASES);
  const phases = text.split(',').map((name) => {
    const phase = PHASES.find((known) => known === name);
    if (phase === undefined)
      throw new Error(`--scenarios: ${name} is none of ${PHASES.join(', ')}`);
    return phase;
  });
  return new Set(phases);
}

function parseExtra(text: string): Options['extra'][number] {
  const [name = '', file = ''] = text.split('=', 2);
  if (name === '' || file === '') throw new Error('--extra should be NAME=FILE');
  return { name, argv: [process.execPath, file] };
}
