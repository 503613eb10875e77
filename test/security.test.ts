import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';

const root = dirname(import.meta.dirname);
const page = readFileSync(`${root}/SECURITY.md`, 'utf8');
const HOLDER = /`(test\/[^`]+)`: “([^”]+)”/g;

t.test('every promise of SECURITY.md names a test that is there, by its title', (t) => {
  const holders = [...page.matchAll(HOLDER)];
  t.ok(holders.length > 30);
  for (const [, path = '', title = ''] of holders) {
    t.ok(existsSync(`${root}/${path}`), `${path} exists`);
    t.ok(readFileSync(`${root}/${path}`, 'utf8').includes(title), `${path} has “${title}”`);
  }
  t.end();
});

t.test('no promise of SECURITY.md is without a test', (t) => {
  const [, promises = ''] = page.split(/^## What it promises$/m);
  const rows = (promises.split(/^## /m)[0] ?? '')
    .split('\n')
    .filter((line) => /^\| (?!promise|-)/.test(line));
  t.ok(rows.length > 30);
  for (const row of rows) t.ok(row.match(HOLDER), row.slice(0, 100));
  t.end();
});
