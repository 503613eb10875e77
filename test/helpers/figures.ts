/**
 * The figures of docs/reliability.md: measured by tests, never typed in by hand.
 *
 * A test that yields one appends it to `.faults/figures.jsonl` in the project root; `npm run
 * docs:reliability` puts the last figure of each name into the table.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { FIGURES_FILE, type Figure } from '../../scripts/reliability-table.ts';

/**
 * Records one figure. The name is one of `scripts/reliability-rows.ts`, as a literal in single
 * quotes: a test looks for it in the file that the row names.
 * @param unit what the value counts, such as `ms` or `of 800 requests`
 */
export function figure(name: string, value: number, unit: string): void {
  mkdirSync(dirname(FIGURES_FILE), { recursive: true });
  const at = new Date().toISOString().slice(0, 10);
  appendFileSync(FIGURES_FILE, `${JSON.stringify({ name, value, unit, at } satisfies Figure)}\n`);
}
