import t from 'tap';
import type { Account, Credentials } from '../../../src/account/account.ts';
import { AccountRegistry, type ConfiguredAccounts } from '../../../src/account/registry.ts';
import { Secret } from '../../../src/telemetry/secret.ts';

t.test('an account comes into use once, at its first call', (t) => {
  const { accounts, activated } = registry(['a', 'b'], 'a');
  t.strictSame(activated, []);
  t.ok(accounts.has('a'));
  t.strictSame(activated, [], 'asking for it is no use');
  const a = accounts.get('a');
  t.equal(accounts.get('a'), a);
  t.equal(accounts.default, a);
  t.strictSame(activated, ['a']);
  t.strictSame(names(accounts), ['a']);
  t.end();
});

t.test('the most recently used are listed first, and no more than asked for', (t) => {
  const { accounts } = registry(['a', 'b', 'c', 'd']);
  for (const appid of ['a', 'b', 'c', 'a']) accounts.get(appid);
  t.strictSame(names(accounts), ['a', 'c', 'b']);
  t.strictSame(
    accounts.active(2).map(({ appid }) => appid),
    ['a', 'c'],
  );
  t.equal(accounts.activeCount, 3);
  t.end();
});

t.test('what is not configured is no account', (t) => {
  const { accounts, activated } = registry(['a']);
  for (const appid of ['b', 'A', '', 'constructor', '__proto__']) {
    t.notOk(accounts.has(appid), appid);
    t.equal(accounts.get(appid), undefined, appid);
  }
  t.strictSame(activated, []);
  t.end();
});

t.test('the default is the configured one, and there may be none', (t) => {
  t.equal(registry(['a', 'b'], 'b').accounts.default?.appid, 'b');
  t.equal(registry(['a', 'b']).accounts.default, undefined);
  t.equal(registry(['a'], 'x').accounts.default, undefined, 'one that is not there');
  t.end();
});

t.test('as many accounts as are configured are in use at a time, whatever the bound', (t) => {
  const appids = Array.from({ length: 50 }, (_, i) => `a${i}`);
  for (const maxActive of [1, 49, 50, 10_000]) {
    const { accounts, activated, disposed } = registry(appids, undefined, maxActive);
    for (let round = 0; round < 3; round++) for (const appid of appids) accounts.get(appid);
    t.equal(activated.length, 50, `at most ${maxActive}: none was activated twice`);
    t.strictSame(disposed, []);
  }
  t.end();
});

t.test('those in use are listed, the latest first', (t) => {
  const { accounts } = registry(['a', 'b', 'c']);
  for (const appid of ['a', 'b', 'c', 'a']) accounts.get(appid);
  t.strictSame(names(accounts), ['a', 'c', 'b']);
  t.end();
});

t.test('every account in use is disposed of once at the end', (t) => {
  const { accounts, disposed } = registry(['a', 'b', 'c']);
  accounts.get('a');
  accounts.get('c');
  accounts.close();
  t.strictSame(disposed.toSorted(), ['a', 'c']);
  accounts.close();
  t.equal(disposed.length, 2);
  t.end();
});

t.test('a removed account goes out of use, the others do not notice', (t) => {
  const { accounts, activated, disposed, changed } = registry(['a', 'b', 'c'], 'a');
  const a = accounts.get('a');
  accounts.get('b');
  accounts.replace(configured(['a', 'c'], 'c'));
  t.strictSame(disposed, ['b']);
  t.equal(accounts.get('b'), undefined);
  t.equal(accounts.get('a'), a);
  t.equal(accounts.default?.appid, 'c', 'another default');
  t.strictSame(changed, ['a'], 'told that its secret may be another');
  t.strictSame(activated, ['a', 'b', 'c']);
  t.end();
});

t.test('an account that came back starts anew', (t) => {
  const { accounts, activated, disposed } = registry(['a']);
  const before = accounts.get('a');
  accounts.replace(configured([]));
  accounts.replace(configured(['a']));
  t.not(accounts.get('a'), before);
  t.strictSame(activated, ['a', 'a']);
  t.strictSame(disposed, ['a']);
  t.end();
});

t.test('an account in use sees its new secret', (t) => {
  let current: (() => Credentials) | undefined;
  const accounts = new AccountRegistry(configured(['a']), {
    maxActive: 10,
    activate(credentials) {
      current = credentials;
      return { appid: 'a', tokens: { credentialsChanged() {} } } as unknown as Account;
    },
    dispose() {},
  });
  accounts.get('a');
  accounts.replace(configured([{ ...named('a'), secret: Secret.of('new') }]));
  t.equal(current?.().secret?.reveal(), 'new');
  accounts.replace(configured([]));
  t.equal(current?.().appid, 'a', 'a call under way outlives the account');
  t.end();
});

t.test('another token API is another account', (t) => {
  const { accounts, disposed } = registry(['a']);
  accounts.get('a');
  accounts.replace(configured([{ ...named('a'), tokenApi: 'token' }]));
  t.strictSame(disposed, ['a']);
  t.end();
});

t.test('more accounts than before fit, and nobody in use is lost over it', (t) => {
  const { accounts, activated, disposed } = registry(['a', 'b'], undefined, 1);
  const a = accounts.get('a');
  accounts.get('b');
  const appids = ['a', 'b', ...Array.from({ length: 30 }, (_, i) => `c${i}`)];
  accounts.replace(configured(appids));
  for (const appid of appids) accounts.get(appid);
  t.equal(accounts.get('a'), a);
  t.equal(activated.length, 32);
  t.strictSame(disposed, []);
  t.equal(accounts.active().length, 32);
  accounts.close();
  t.equal(disposed.length, 32);
  t.end();
});

t.test('an account that cannot come into use leaves no trace', (t) => {
  let fails = true;
  const accounts = new AccountRegistry(configured(['a'], 'a'), {
    maxActive: 10,
    activate(current) {
      if (fails) throw new Error('no');
      return { ...current() } as unknown as Account;
    },
    dispose: () => t.fail('disposed of'),
  });
  t.throws(() => accounts.get('a'), { message: 'no' });
  t.strictSame(accounts.active(), []);
  fails = false;
  t.equal(accounts.default?.appid, 'a');
  t.end();
});

function configured(
  list: readonly (string | Credentials)[],
  defaultAppid?: string,
): ConfiguredAccounts {
  const credentials = list.map((one) => (typeof one === 'string' ? named(one) : one));
  const byAppid = new Map(credentials.map((one) => [one.appid, one]));
  return {
    size: byAppid.size,
    has: (appid) => byAppid.has(appid),
    get: (appid) => byAppid.get(appid),
    defaultAppid,
  };
}

function named(appid: string): Credentials {
  return { appid, secret: undefined, tokenApi: 'stable_token' };
}

function registry(appids: readonly string[], defaultAppid?: string, maxActive = 10) {
  const activated: string[] = [];
  const disposed: string[] = [];
  const changed: string[] = [];
  const accounts = new AccountRegistry(configured(appids, defaultAppid), {
    maxActive,
    activate(current) {
      const { appid } = current();
      activated.push(appid);
      const tokens = { credentialsChanged: () => changed.push(appid) };
      return { appid, secret: undefined, tokens } as unknown as Account;
    },
    dispose: ({ appid }) => disposed.push(appid),
  });
  return { accounts, activated, disposed, changed };
}

function names(accounts: AccountRegistry): string[] {
  return accounts.active().map(({ appid }) => appid);
}
