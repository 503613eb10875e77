// Fuzzes the proxy for as long as it is told, and says which case broke what:
//
//   node scripts/fuzz.ts --seconds 300 --seed 7
//   node scripts/fuzz.ts --seed 7 --case 1234    # that one again
import { parseArgs } from 'node:util';
import { runFuzz } from '../test/conformance/fuzz-run.ts';
import { startFuzzTarget } from '../test/conformance/fuzz-target.ts';

/** What is looked at together: what is left behind, and how much of it. */
const ROUND = 5000;
/** A run that leaks a little with each case is far beyond this before long. */
const GROWTH_BYTES = 12 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    case: { type: 'string' },
  },
});
const seed = Number(values.seed);
const only = values.case === undefined ? undefined : Number(values.case);
const endsAt = performance.now() + Number(values.seconds) * 1000;

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
