import { HOUR, SECOND } from './bench.ts';
import type { Witness } from './witness.ts';

const DAY = 24 * HOUR;

interface Spent {
  readonly elapsedMs: number;
  /** Of the tokens. */
  readonly lifeMs: number;
  /** What may rightly cost a fetch. */
  readonly changes: number;
  readonly wallMoves: boolean;
}

/** Whether a life has cost more fetches than it may. */
export function checkBudget(
  witness: Witness,
  { elapsedMs, lifeMs, changes, wallMoves }: Spent,
): void {
  const { forcesAtMs, retirements, violations, isDisturbed } = witness;
  if (!wallMoves && !isDisturbed) {
    for (const [i, atMs] of forcesAtMs.entries()) {
      const soon = forcesAtMs.slice(i + 1).filter((later) => later - atMs < 30 * SECOND);
      if (soon.length > 0) violations.push('forces less than 30 s apart');
      const day = forcesAtMs.slice(i).filter((later) => later - atMs < DAY);
      if (day.length > 18) violations.push(`${day.length} forces in a day`);
    }
  }
  const lives = Math.ceil(elapsedMs / (lifeMs / 2));
  // Each change may be met by five unproven fetches, asked twice; then cool-downs of 30 s rule.
  const budget = 2 * (5 * changes + Math.ceil(elapsedMs / (30 * SECOND)) + lives);
  if (retirements > budget) violations.push(`${retirements} retirements, budget ${budget}`);
}
