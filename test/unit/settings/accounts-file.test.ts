import { rmSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import t from 'tap';
import type { AccountEntries } from '../../../src/settings/account-entries.ts';
import type { AccountEntry } from '../../../src/settings/account-entry.ts';
import { parseAccounts, readAccountsFile } from '../../../src/settings/accounts-file.ts';
import { loadSettings } from '../../../src/settings/load.ts';
import { Secret } from '../../../src/telemetry/secret.ts';
import { ACCOUNT, faultsOf, settingsError } from './faults-of.ts';

t.test('entries are read, a relative secret file from the directory of the file', (t) => {
  const directory = t.testdir({ secrets: { b: 'secret-b\n' } });
  writeFileSync(
    `${directory}/accounts.json`,
    JSON.stringify([
      { appid: 'wxaaaa', appsecret: 'secret-a', default: true },
      { appid: 'wxbbbb', appsecretFile: 'secrets/b', tokenApi: 'token' },
      { appid: 'wxcccc', appsecretFile: `${directory}/secrets/b`, default: false },
    ]),
  );
  const entries = readAccountsFile(`${directory}/accounts.json`);
  t.strictSame(
    listed(entries).map(({ secret, ...rest }) => ({ ...rest, secret: secret?.reveal() })),
    [
      { appid: 'wxaaaa', tokenApi: undefined, secret: 'secret-a' },
      { appid: 'wxbbbb', tokenApi: 'token', secret: 'secret-b' },
      { appid: 'wxcccc', tokenApi: undefined, secret: 'secret-b' },
    ],
  );
  for (const { secret } of listed(entries)) t.type(secret, Secret);
  t.equal(entries.defaultAppid, 'wxaaaa');
  t.end();
});

t.test('a plain entry is made when it is asked for, once, and keeps its secret to itself', (t) => {
  const text =
    '[{"appid": "wxaaaa", "appsecret": "secret-a"}, {"appid": "wxbbbb", "appsecret": "b"}]';
  const entries = parseAccounts(text, '/');
  t.equal(entries.size, 2);
  t.strictSame([...entries.appids()], ['wxaaaa', 'wxbbbb']);
  t.ok(entries.has('wxbbbb'));
  t.notMatch(
    inspect(entries, { depth: 9, showHidden: true }) + JSON.stringify(entries),
    'secret-a',
  );
  const entry = entries.get('wxaaaa');
  t.equal(entry?.secret?.reveal(), 'secret-a');
  t.strictSame({ ...entry, secret: 0 }, { appid: 'wxaaaa', secret: 0, tokenApi: undefined });
  t.equal(entries.get('wxaaaa'), entry);
  t.equal(entries.defaultAppid, undefined);
  for (const appid of ['wxcccc', 'constructor', '__proto__']) {
    t.notOk(entries.has(appid));
    t.equal(entries.get(appid), undefined);
  }
  t.end();
});

t.test('an empty array is no fault: accounts may come later', (t) => {
  t.equal(parseAccounts('[]', '/').size, 0);
  t.equal(parseAccounts('\uFEFF[]\n', '/').size, 0);
  t.end();
});

t.test('all faults of all entries are told at once, with index and appid', (t) => {
  const directory = t.testdir({ empty: '' });
  const { faults } = settingsError(() =>
    parseAccounts(
      JSON.stringify([
        { appid: 'wxaaaa', appsecret: 's', default: true },
        { appid: 'wxaaaa', appsecret: 's', default: true },
        { appid: 'wx!', secret: 's' },
        { appid: 'wxdddd', appsecret: 's', appsecretFile: 'f', tokenApi: 'best', default: 'yes' },
        { appid: 'wxeeee', appsecretFile: 'missing' },
        { appid: 'wxffff', appsecretFile: 'empty' },
        { appid: 'wxgggg', appsecret: 7 },
        { appid: 'wxhhhh', appsecret: '', appsecretfile: 'x' },
        null,
        ['wxiiii'],
        { appid: 'wxdddd', appsecret: 's' },
        { appid: 'wxjjjj', appsecret: 's ' },
        { appid: 'wxjjjj', appsecret: 's', __proto__x: 1 },
        { appid: 'none', appsecret: 's' },
      ]),
      directory,
    ),
  );
  t.strictSame(
    faults.map(({ setting, message }) => `${setting}: ${message}`),
    [
      '1 (wxaaaa): has the appid of entry 0: keep one of the two',
      '1 (wxaaaa): is a second default, after entry 0: keep one of the two',
      '2: has an unknown member secret',
      '2: has no appsecret or appsecretFile',
      '2: appid should be a string of 4 to 64 letters and digits, and not "none"',
      '3 (wxdddd): tokenApi should be "stable_token" or "token"',
      '3 (wxdddd): default should be true or false, without quotes',
      '3 (wxdddd): has both appsecret and appsecretFile: keep one of the two',
      '4 (wxeeee): appsecretFile cannot be used: there is no such file',
      '5 (wxffff): appsecretFile cannot be used: it is empty',
      '6 (wxgggg): appsecret and appsecretFile should be strings',
      '7 (wxhhhh): has an unknown member appsecretfile (did you mean appsecretFile?)',
      '7 (wxhhhh): appsecret cannot be used: it is empty',
      '8: should be an object such as {"appid": "wx…", "appsecretFile": "…"}',
      '9: should be an object such as {"appid": "wx…", "appsecretFile": "…"}',
      '10 (wxdddd): has the appid of entry 3: keep one of the two',
      '11 (wxjjjj): appsecret cannot be used: it begins or ends with a blank',
      '12 (wxjjjj): has an unknown member __proto__x',
      '12 (wxjjjj): has the appid of entry 11: keep one of the two',
      '13: appid should be a string of 4 to 64 letters and digits, and not "none"',
    ].map((line) => `WXPROXY_ACCOUNTS_FILE entry ${line}`),
  );
  t.end();
});

t.test('however many entries are wrong, each is told', (t) => {
  const entry = JSON.stringify({ appid: 'wxaaaa', appsecret: 's', default: true });
  const text = `[${Array.from({ length: 150_000 }, () => entry).join()}]`;
  const { faults } = settingsError(() => parseAccounts(text, '/'));
  t.equal(faults.length, 2 * 149_999);
  t.match(faults.at(-1)?.setting, /entry 149999 \(wxaaaa\)/);
  t.end();
});

t.test('a text that is no array is told, with the place where the JSON breaks', (t) => {
  const cases = [
    ['{}', /should hold an array such as/],
    ['"x"', /should hold an array such as/],
    ['', /is not valid JSON/],
    ['[\n{"appid": "wxaaaa",}]', /is not valid JSON \(line 2, column 20\)/],
  ] as const;
  for (const [text, message] of cases) {
    const { faults } = settingsError(() => parseAccounts(text, '/'));
    t.equal(faults.length, 1);
    t.match(faults[0], { setting: 'WXPROXY_ACCOUNTS_FILE', message });
  }
  t.end();
});

t.test('a secret may be missing only where a peer holds it', (t) => {
  const text = '[{"appid": "wxaaaa"}]';
  t.throws(() => parseAccounts(text, '/'), { message: /has no appsecret or appsecretFile/ });
  t.strictSame(listed(parseAccounts(text, '/', { secretsOptional: true })), [
    { appid: 'wxaaaa', secret: undefined, tokenApi: undefined },
  ]);
  const env = { WXPROXY_ACCOUNTS_FILE: `${t.testdir({ 'a.json': text })}/a.json` };
  t.match(faultsOf([], env)[0]?.message, /has no appsecret/);
  const peer = { WXPROXY_TOKEN_PEER: 'https://central', WXPROXY_TOKEN_PEER_KEY: 'key' };
  t.ok(loadSettings({ argv: [], env: { ...env, ...peer } }).accountsFile);
  t.end();
});

t.test('an account given both by its variables and in the file is a fault', (t) => {
  const entry = { appid: ACCOUNT.WECHAT_APPID, appsecret: 'other' };
  const path = `${t.testdir({ 'a.json': JSON.stringify([entry]) })}/a.json`;
  const faults = faultsOf([], { ...ACCOUNT, WXPROXY_ACCOUNTS_FILE: path });
  t.equal(faults.length, 1);
  t.match(faults[0]?.message, /has an account in WXPROXY_ACCOUNTS_FILE too/);
  t.end();
});

t.test('an account’s secret file gone bad later is told to whom was handed in', (t) => {
  const directory = t.testdir({ a: 'secret-a' });
  const told: string[] = [];
  const entry = parseAccounts('[{"appid": "wxaaaa", "appsecretFile": "a"}]', directory, {
    onSecretFault: (message) => told.push(message),
  }).get('wxaaaa');
  t.equal(entry?.secret?.reveal(), 'secret-a');
  rmSync(`${directory}/a`);
  const later = performance.now() + 1000;
  t.capture(performance, 'now', () => later);
  t.equal(entry?.secret?.reveal(), 'secret-a');
  t.equal(told.length, 1);
  t.end();
});

t.test('10,000 accounts are read in well under 200 ms', (t) => {
  const text = JSON.stringify(
    Array.from({ length: 10_000 }, (_, n) => ({
      appid: `wx${String(n).padStart(16, '0')}`,
      appsecret: String(n).padStart(32, '0'),
      tokenApi: 'token',
    })),
  );
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    t.equal(parseAccounts(text, '/').size, 10_000);
    return performance.now() - start;
  });
  t.ok(Math.min(...times) < 200, `${times.map(Math.round).join(', ')} ms`);
  t.end();
});

function listed(entries: AccountEntries): AccountEntry[] {
  return [...entries.appids()].map((appid) => entries.get(appid) as AccountEntry);
}
