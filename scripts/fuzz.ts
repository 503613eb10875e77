// Fuzzes the proxy for as long as it is told, and says which case broke what:
//
//   npm run fuzz -- --seconds 300 --seed 7
//   npm run fuzz -- --seed 7 --case 1234    # that one again
import { runFuzz } from '../test/conformance/fuzz-run.ts';
import { startFuzzTarget } from '../test/conformance/fuzz-target.ts';
import { endForWrongFlag, readFlags } from './flags.ts';

/** What is looked at together: what is left behind, and how much of it. */
const ROUND = 5000;
/** A run that leaks a little with each case is far beyond this before long. */
const GROWTH_BYTES = 12 * 1024 * 1024;

const USAGE = `npm run fuzz -- [flags]

Sends good, odd and broken requests, made from a seed, through the real proxy. The upstream must get
what they mean and nothing else, each must be answered for itself, and nothing may be left behind. Says
which case of which seed broke what; exit code 1 then, 2 for a flag that is wrong.

  --seconds 60    how long
  --seed …        of the cases; random unless given, and printed
  --case …        this one alone, as a report names it; wants the report's --seed
  --help          this text
`;

const values = readFlags(USAGE, {
  seconds: { type: 'string', default: '60' },
  seed: { type: 'string' },
  case: { type: 'string' },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const only = values.case === undefined ? undefined : Number(values.case);
if (!(seconds > 0)) endForWrongFlag('--seconds: a number above 0', USAGE);
if (!Number.isSafeInteger(seed)) endForWrongFlag('--seed: a whole number', USAGE);
if (only !== undefined) {
  if (!(Number.isSafeInteger(only) && only >= 0)) endForWrongFlag('--case: a whole number', USAGE);
  if (values.seed === undefined) endForWrongFlag('--case: needs the --seed it is of', USAGE);
}
const endsAt = performance.now() + seconds * 1000;

let at = only ?? 0;
process.on('uncaughtException', (error) => {
  console.error(error);
  console.error(`in or near case ${at} of seed ${seed}`);
  process.exit(1);
});

const ends: (() => unknown)[] = [];
const target = await startFuzzTarget({ teardown: (end: () => unknown) => void ends.unshift(end) });
let base: number | undefined;
const found: string[] = [];
for (;;) {
  const from = at;
  const report = await runFuzz({
    ...target,
    seed,
    from,
    goesOn: (index) => {
      at = index;
      if (only !== undefined) return index === only;
      return index < from + ROUND && performance.now() < endsAt;
    },
  });
  at = from + report.cases;
  found.push(...report.violations, ...(await target.leftovers()));
  const heap = target.heapBytes();
  base ??= heap;
  if (heap - base > GROWTH_BYTES) found.push(`the heap has grown by ${heap - base} bytes`);
  console.log(
    `seed ${seed}: ${at} cases, ${report.forwarded} of ${report.requests} requests forwarded in the last ${report.cases}, ` +
      `heap ${Math.round((heap - base) / 1024)} KiB above the first round`,
  );
  if (only !== undefined || found.length > 0 || performance.now() > endsAt) break;
}
for (const end of ends) await end();
for (const one of found) console.error(one);
if (found.length > 0) console.error(`again: npm run fuzz -- --seed ${seed} --case <number>`);
process.exit(found.length > 0 ? 1 : 0);
