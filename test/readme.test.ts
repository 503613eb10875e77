import { readFileSync } from 'node:fs';
import t from 'tap';
import { withMetrics } from '../scripts/readme-metrics.ts';
import { withSettings } from '../scripts/readme-settings.ts';
import { rows } from '../src/settings/table.ts';
import { formByEnv } from '../src/settings/names.ts';
import { proxyAndSimulator } from './helpers/proxy.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

t.test('the README shows the settings as the code has them', (t) => {
  t.equal(readme, withSettings(readme), 'run `npm run docs`');
  t.ok(rows.length > 20);
  for (const env of formByEnv.keys()) t.ok(readme.includes(env), `${env} is in the README`);
  t.end();
});

t.test('the README shows the metrics as the code has them', async (t) => {
  t.equal(readme, await withMetrics(readme), 'run `npm run docs`');
});

t.test('every metric that a running proxy has is in the README, with its labels', async (t) => {
  const { proxy } = await proxyAndSimulator(t);
  await fetch(`${proxy.url}/cgi-bin/getcallbackip`);
  const text = await (await fetch(`${proxy.admin}/metrics`)).text();
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  t.ok(names.length >= 20);
  for (const [, name = '', type = ''] of names) {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\` | ${type} |`));
    if (row === undefined) {
      t.fail(`${name} is not in the README`);
      continue;
    }
    const series = text.split('\n').filter((line) => line.startsWith(`${name}{`));
    for (const [, label = '', value = ''] of series.join('\n').matchAll(/(\w+)="([^"]*)"/g)) {
      const listed = new RegExp(`\`${label}\`(?:: ([^·|]*))?`).exec(row);
      const values = listed?.[1]?.trim().split(', ') ?? [value];
      t.ok(listed !== null && values.includes(value), `${name}: ${label}="${value}"`);
    }
  }
});

t.test('the README begins with exactly two command lines for a fresh machine', (t) => {
  const block = /```sh\n([\s\S]*?)```/.exec(readme)?.[1];
  t.equal(block, 'npm ci && npm run demo\nnpm ci && npm test\n');
  t.end();
});
