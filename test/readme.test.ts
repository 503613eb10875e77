import { readFileSync } from 'node:fs';
import t from 'tap';
import { withSettings } from '../scripts/readme-settings.ts';
import { rows } from '../src/settings/table.ts';
import { formByEnv } from '../src/settings/names.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

t.test('the README shows the settings as the code has them', (t) => {
  t.equal(readme, withSettings(readme), 'run `npm run docs`');
  t.ok(rows.length > 20);
  for (const env of formByEnv.keys()) t.ok(readme.includes(env), `${env} is in the README`);
  t.end();
});

t.test('the README begins with exactly two command lines for a fresh machine', (t) => {
  const block = /```sh\n([\s\S]*?)```/.exec(readme)?.[1];
  t.equal(block, 'npm ci && npm run demo\nnpm ci && npm test\n');
  t.end();
});
