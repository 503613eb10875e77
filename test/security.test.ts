import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
}

interface Lockfile {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly hasInstallScript?: boolean }>
  >;
}

const root = dirname(import.meta.dirname);
const page = read('SECURITY.md');
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

t.test('the packages of others are as SECURITY.md says', (t) => {
  const { dependencies } = JSON.parse(read('package.json')) as Package;
  t.match(page, /^Eight packages, each at one exact version/m);
  t.equal(Object.keys(dependencies).length, 8);
  for (const [name, range] of Object.entries(dependencies)) t.match(range, /^\d+\.\d+\.\d+$/, name);
  const { packages } = JSON.parse(read('package-lock.json')) as Lockfile;
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  t.ok(installed.length > 8, 'and what they bring');
  for (const [path, { hasInstallScript }] of installed) t.notOk(hasInstallScript, path);
  t.end();
});

function read(path: string): string {
  return readFileSync(`${root}/${path}`, 'utf8');
}
