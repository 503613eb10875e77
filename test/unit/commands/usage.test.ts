import t from 'tap';
import { usageText } from '../../../src/commands/usage.ts';
import { forms } from '../../../src/settings/names.ts';
import { rows } from '../../../src/settings/table.ts';

t.test('--help shows every command and every form and default of every setting', (t) => {
  const text = usageText();
  for (const command of ['serve', 'demo', 'simulate', 'check-config', 'healthcheck']) {
    t.match(text, new RegExp(`^  ${command} +\\S`, 'm'));
  }
  t.match(text, /^  --version +\S/m);
  t.match(text, /^  --help +\S/m);
  for (const { flag = '', env } of forms) {
    t.match(text, new RegExp(`^  ${flag}(?: <\\S+>)? +${env}$`, 'm'), env);
  }
  for (const [name, row] of rows) {
    if (row.default !== undefined) t.ok(text.includes(`[${row.default}]`), name);
  }
  t.end();
});

t.test('--help is at most 100 columns wide', (t) => {
  const wide = usageText()
    .split('\n')
    .filter((line) => line.length > 100);
  t.strictSame(wide, []);
  t.end();
});
