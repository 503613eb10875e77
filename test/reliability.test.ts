import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { rows } from '../scripts/reliability-rows.ts';
import { withRows } from '../scripts/reliability-table.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/reliability.md'), 'utf8');

t.test('the page shows its rows as they are, each with a figure', (t) => {
  t.equal(page, withRows(page, new Map()), 'run `npm run docs:reliability`');
  t.notMatch(page, 'not yet measured', 'run the tests that measure it, then the same');
  t.ok(rows.length > 20);
  t.end();
});

t.test('each row names a test that is there and emits its figure', (t) => {
  for (const { test, figure } of rows) {
    if (!existsSync(join(root, test))) t.fail(`${test} is not there`);
    else t.ok(emitted(readFileSync(join(root, test), 'utf8')).has(figure), `${test}: ${figure}`);
  }
  const names = rows.map(({ figure }) => figure);
  t.equal(new Set(names).size, names.length, 'each figure has a row of its own');
  t.end();
});

t.test('each test of faults has its row', (t) => {
  const named = new Set(rows.map(({ test }) => test));
  const tests = globSync('test/faults/*.test.ts', { cwd: root });
  t.ok(tests.length > 0);
  for (const test of tests) t.ok(named.has(test), test);
  t.end();
});

t.test('a new figure takes the place of the old one, and only that', (t) => {
  const [first, second] = rows;
  if (first === undefined || second === undefined) throw new Error('there are rows');
  const figure = { name: first.figure, value: 1234.5, unit: 'ms', at: '2001-02-03' };
  const changed = withRows(page, new Map([[first.figure, figure]]));
  t.ok(changed.includes(`| ${first.figure}: **1,235** ms (2001-02-03) |`));
  t.equal(changed.split('\n').filter((line, i) => line !== page.split('\n')[i]).length, 1);
  t.end();
});

function emitted(source: string): ReadonlySet<string | undefined> {
  return new Set([...source.matchAll(/\bfigure\(\s*'([^']+)'/g)].map(([, name]) => name));
}
