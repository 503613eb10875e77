import t from 'tap';
import { forms } from '../../../src/settings/names.ts';
import { rows } from '../../../src/settings/table.ts';
import { settingsMarkdown, usageText } from '../../../src/settings/usage.ts';

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
  for (const [, row] of rows) {
    if (row.default !== undefined) t.ok(text.includes(`[${row.default}]`), row.env);
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

t.test('the README’s table has a row of four cells for every setting', (t) => {
  const lines = settingsMarkdown().split('\n');
  t.equal(lines.length, rows.length + 2);
  for (const line of lines) t.equal(line.split(/(?<!\\)\|/).length, 6, line);
  t.ok(
    lines.includes(
      '| `WXPROXY_LISTEN` | `--listen` | `127.0.0.1:8080` | where the app connects: ' +
        '`host:port`, `:port` for every interface, or `unix:/path` |',
    ),
  );
  t.ok(lines.some((line) => line.startsWith('| `WECHAT_APPSECRET`, `WECHAT_APPSECRET_FILE` | ')));
  t.end();
});
