import t from 'tap';
import { describeSettings } from '../../../src/settings/describe.ts';
import { loadSettings } from '../../../src/settings/load.ts';
import { rows } from '../../../src/settings/table.ts';
import { ACCOUNT } from './faults-of.ts';

t.test('every setting is described with its value and where that came from', (t) => {
  const directory = t.testdir({ 'c.json': '{"idle-timeout": "9s"}', key: 'value' });
  const text = describeSettings(
    loadSettings({
      argv: ['--config', `${directory}/c.json`, '--client-key-file', `${directory}/key`],
      env: { ...ACCOUNT, WXPROXY_TOKEN_STORE: 'rediss://u:p@store/1' },
    }),
  );
  const lines = text.split('\n').map((line) => line.split(/ {2,}/));
  t.equal(lines.length, rows.length);
  const expected = [
    ['WECHAT_APPID', 'wx0123456789abcdef', 'environment'],
    ['WECHAT_APPSECRET', '[secret]', 'environment'],
    ['WXPROXY_ACCOUNTS_FILE', '(not set)', 'default'],
    ['WXPROXY_CONFIG', `${directory}/c.json`, 'flag'],
    ['WXPROXY_LISTEN', '127.0.0.1:8080', 'default'],
    ['WXPROXY_TOKEN_STORE', 'rediss://[secret]@store/1', 'environment'],
    ['WXPROXY_CLIENT_KEY_FILE', `[secret] from ${directory}/key`, 'flag'],
    ['WXPROXY_IDLE_TIMEOUT', '9s', 'config file'],
    ['WXPROXY_ALLOW_PATHS', 'all', 'default'],
  ];
  for (const line of expected) {
    t.strictSame(
      lines.find(([name]) => name === line[0]),
      line,
    );
  }
  t.end();
});
