/** The tables of docs/reliability.md, made from their rows and from what the tests have measured. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { betweenMarks } from './marks.ts';
import type { Row } from './reliability-row.ts';
import { rows } from './reliability-rows.ts';

/** What a test measured; one JSON object a line. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** What the value counts: `ms`, `of 800 requests`. */
  readonly unit: string;
  /** The day, `2026-11-22`. */
  readonly at: string;
}

export const FIGURES_FILE: string = join(import.meta.dirname, '../.faults/figures.jsonl');

const NONE = 'not yet measured';

/** What the tests have measured here, the last figure of each name. */
export function measured(): ReadonlyMap<string, Figure> {
  if (!existsSync(FIGURES_FILE)) return new Map();
  const lines = readFileSync(FIGURES_FILE, 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const figure = JSON.parse(line) as Figure;
      return [figure.name, figure];
    }),
  );
}

/**
 * The page with its rows as they are now; where there is no new figure, the page's own stays.
 * @throws when the marks are gone
 */
export function withRows(page: string, figures: ReadonlyMap<string, Figure>): string {
  const cellOf = ({ figure }: Row): string => {
    const found = figures.get(figure);
    return found === undefined ? (cellIn(page, figure) ?? NONE) : written(found);
  };
  const areas = [...new Set(rows.map(({ area }) => area))];
  const sections = areas.map((area) => {
    const lines = rows
      .filter((row) => row.area === area)
      .map((row) => {
        const test = `[${row.test}](../${row.test})`;
        return `| ${row.fault} | ${row.promise} | ${test} | ${row.figure}: ${cellOf(row)} |`;
      });
    return [
      `### ${area}`,
      '',
      '| fault | what is promised | test | last figure |',
      '| --- | --- | --- | --- |',
      ...lines,
    ].join('\n');
  });
  return betweenMarks(page, 'rows', sections.join('\n\n'));
}

/** What the page says of a figure. */
function cellIn(page: string, figure: string): string | undefined {
  const line = page.split('\n').find((candidate) => candidate.includes(`| ${figure}: `));
  return line?.slice(line.lastIndexOf(`| ${figure}: `) + figure.length + 4).replace(/ \|$/, '');
}

/** As people read it: `1,234 ms (2026-11-22)`. */
function written({ value, unit, at }: Figure): string {
  const digits = Math.abs(value) < 10 ? 2 : 0;
  const number = value.toLocaleString('en-US', { maximumFractionDigits: digits });
  return `**${number}** ${unit} (${at})`;
}
