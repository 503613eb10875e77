// Prints what TAP files say together as one line, `N passed, N failed` (`, N skipped` where there are
// any), and exits 1 unless each had tests and none failed.
//
//   node scripts/summarize-tap.ts .tap/results.tap .tap/sdk.tap
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { countTestPoints } from './tap-counts.ts';

const { positionals: paths } = parseArgs({ allowPositionals: true });
const sum = { passed: 0, failed: 0, skipped: 0 };
let isSuccess = paths.length > 0;
for (const path of paths) {
  const { passed, failed, skipped, problem } = countTestPoints(
    existsSync(path) ? readFileSync(path, 'utf8') : '',
  );
  sum.passed += passed;
  sum.failed += failed;
  sum.skipped += skipped;
  if (problem === undefined) continue;
  isSuccess = false;
  console.error(`${path} is no success: ${existsSync(path) ? problem : 'there is no such file'}`);
}
const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : '';
console.log(`${sum.passed} passed, ${sum.failed} failed${skipped}`);
process.exitCode = isSuccess ? 0 : 1;
