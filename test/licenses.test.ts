import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';

const root = dirname(import.meta.dirname);

/** SPDX names of the licences that ask no more than to be named. */
const permissive = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
];

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

t.test('everything that is installed with the package has a permissive licence', async (t) => {
  const { packages } = readJson('package-lock.json') as Lockfile;
  const installed = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path]) => [path, (readJson(`${path}/package.json`) as { license?: unknown }).license]);
  t.ok(installed.length >= 7, 'the production dependencies were found');
  const others = installed.filter(([, license]) => !permissive.includes(String(license)));
  t.strictSame(others, []);
});

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(`${root}/${path}`, 'utf8'));
}
