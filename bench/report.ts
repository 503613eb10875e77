/** A run's figures for the screen. */
import type { Results } from './results.ts';
import { wasBusy } from './summary.ts';
import { tables, type Table } from './tables.ts';

/** Of a whole cell; `0.93 (0.91–0.95)` and `37 %` are such too. */
const NUMBER = /^(–|-?[\d.,]+( %| \(.*\))?)$/;

export function report(results: Results): string {
  const skipped = results.contenders
    .filter((contender) => contender.skipped !== undefined)
    .map(({ name, skipped: why }) => `\n${name} skipped: ${why}\n`);
  const short =
    results.plan.mode === 'short'
      ? '\nA short run: it works, but these figures say nothing.\n'
      : '';
  const busy = wasBusy(results.machine)
    ? `\nThe machine was busy: load ${results.machine.load.toFixed(2)} when the run began.\n`
    : '';
  return [...tables(results).map(plain), ...skipped, short, busy].join('');
}

function plain({ title, head, rows }: Table): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return NUMBER.test(cell) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return `\n${title}\n${[head, ...rows].map((row) => `  ${line(row)}\n`).join('')}`;
}
