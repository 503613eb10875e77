// Mixed traffic through the real proxy for a long time. `npm run soak -- --help` tells how.
import { MIB } from '../test/faults/facts.ts';
import { inWords } from '../test/faults/soak-gauge.ts';
import { soak } from '../test/faults/soak-run.ts';
import { figure } from '../test/helpers/figures.ts';
import { endForWrongFlag, readFlags } from './flags.ts';

const USAGE = `npm run soak -- [flags]

Mixed traffic through the real proxy, while its token is taken away every few seconds. Every request
must succeed, and memory and descriptors must not grow over the second half: exit code 1 where one of
them does not hold, 2 for a flag that is wrong.

  --seconds 600    how long
  --rate 150       requests a second
  --seed …         of the mix; random unless given, and printed
  --preload …      a module of test/faults that the proxy loads as well: leaking.ts must be found
  --help           this text
`;

const values = readFlags(USAGE, {
  seconds: { type: 'string', default: '600' },
  rate: { type: 'string', default: '150' },
  seed: { type: 'string' },
  preload: { type: 'string' },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
if (!(seconds >= 10)) endForWrongFlag('--seconds: 10 or more', USAGE);
if (!(rate > 0)) endForWrongFlag('--rate: more than 0', USAGE);
if (!Number.isSafeInteger(seed)) endForWrongFlag('--seed: a whole number', USAGE);

console.log(`seed ${seed}: ${seconds} s at ${rate} requests a second`);
const ends: (() => unknown)[] = [];
const report = await soak(
  { teardown: (end: () => unknown) => void ends.unshift(end) },
  { seconds, rate, seed, log: console.log, preload: values.preload },
);
for (const end of ends) await end();
const { requests, kinds, rotations, again, failures, growth, faults } = report;
console.log(`${requests} requests, ${failures.length} failed, ${rotations} rotations`);
console.log(
  Object.entries(kinds)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', '),
);
console.log(`${again} streamed uploads met a rotation and were sent again by the app`);
if (growth !== undefined) {
  const { resident, kept, descriptors } = growth;
  console.log('over the second half, with 95 % confidence:');
  console.log(`  resident memory ${inWords(resident)}`);
  console.log(`  kept after a collection ${inWords(kept)}`);
  const range = [descriptors.low, descriptors.high].map((end) => end.toFixed(1)).join(' to ');
  console.log(`  descriptors ${descriptors.growth.toFixed(1)} (${range})`);
}
for (const fault of faults) console.error(fault);
if (growth !== undefined && faults.length === 0 && values.preload === undefined) {
  figure('requests of the long soak that failed', failures.length, `of ${requests}`);
  figure(
    'growth of resident memory in the second half of the long soak',
    growth.resident.growth / MIB,
    'MiB',
  );
}
console.log(faults.length === 0 ? 'passed' : `failed; again: npm run soak -- --seed ${seed}`);
process.exit(faults.length === 0 ? 0 : 1);
