import { Parser } from 'tap-parser';
import type { Result } from 'tap-parser';

interface TapCounts {
  readonly passed: number;
  readonly failed: number;
  /** Skipped, or still to be done (`# TODO`). */
  readonly skipped: number;
  /** Why the run is no success; undefined if it is one. */
  readonly problem: string | undefined;
}

/**
 * Counts the test points of a TAP stream: assertions, not the subtests around them. A subtest counts
 * by itself only if it failed without a failed assertion, as a time-out does.
 */
export function countTestPoints(tap: string): TapCounts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const root = new Parser();
  countInto(counts, root);
  root.end(tap);
  return { ...counts, problem: problemOf(counts, root) };
}

function countInto(counts: { passed: number; failed: number; skipped: number }, parser: Parser) {
  // A subtest's own test point comes right after its assertions.
  let failedBeforeChild: number | undefined;
  parser.on('child', (child) => {
    failedBeforeChild = counts.failed;
    countInto(counts, child);
  });
  parser.on('assert', (result: Result) => {
    const isSubtest = failedBeforeChild !== undefined;
    const isExplained = isSubtest && counts.failed !== failedBeforeChild;
    failedBeforeChild = undefined;
    if (result.skip || result.todo) counts.skipped += 1;
    else if (!result.ok) counts.failed += isExplained ? 0 : 1;
    else counts.passed += isSubtest ? 0 : 1;
  });
}

function problemOf(
  { passed, failed }: { readonly passed: number; readonly failed: number },
  { results }: Parser,
): string | undefined {
  if (failed > 0) return `${failed} failed`;
  if (passed === 0) return 'no test ran';
  if (results?.ok) return undefined;
  return results?.failures[0]?.tapError ?? 'it broke off, or is no TAP';
}
