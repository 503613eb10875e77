import t from 'tap';
import { rows } from '../../../src/settings/table.ts';
import { settingsMarkdown } from '../../../src/settings/usage.ts';

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
  t.ok(
    lines.includes(
      '| `WXPROXY_LOG_FORMAT` | `--log-format` | `json` | `json` or `pretty`: for programs or for people |',
    ),
    'of a few words, each is named',
  );
  t.ok(lines.some((line) => line.startsWith('| `WECHAT_APPSECRET`, `WECHAT_APPSECRET_FILE` | ')));
  t.end();
});
