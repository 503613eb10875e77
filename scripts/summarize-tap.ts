// Prints what a TAP file says as one line, `N passed, N failed` (`, N skipped` where there are any),
// and exits 1 unless there were tests and none failed.
//
//   node scripts/summarize-tap.ts .tap/results.tap
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { countTestPoints } from './tap-counts.ts';

const [path = ''] = parseArgs({ allowPositionals: true }).positionals;
if (!existsSync(path)) {
  console.error(`No test results: there is no file "${path}"`);
  process.exit(1);
}

const { passed, failed, skipped, problem } = countTestPoints(readFileSync(path, 'utf8'));
if (problem !== undefined) console.error(`The test run is no success: ${problem}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = problem === undefined ? 0 : 1;
