import { renameSync, rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { bytesInUse } from '../unit/proxy/heap.ts';
import { startProxy, until, untilReady, type RunningProxy } from '../helpers/proxy.ts';

const A = 'wx00000000000000aa';
const B = 'wx00000000000000bb';
const C = 'wx00000000000000cc';
const secretOf = (appid: string): string => `${appid.slice(2)}${appid.slice(2)}`;
const entry = (appid: string, appsecret = secretOf(appid)): object => ({ appid, appsecret });

async function withAccounts(t: Test, entries: readonly object[]) {
  const accounts = Object.fromEntries([A, B, C].map((appid) => [appid, secretOf(appid)]));
  const simulator = await startSimulator({ accounts });
  t.teardown(() => simulator.stop());
  const file = `${t.testdir({ 'accounts.json': JSON.stringify(entries) })}/accounts.json`;
  const proxy = await startProxy(t, {
    upstream: simulator.url,
    env: {
      WECHAT_APPID: undefined,
      WECHAT_APPSECRET: undefined,
      WXPROXY_ACCOUNTS_FILE: file,
    },
  });
  const write = (text: string): void => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  const status = async (appid: string): Promise<number> =>
    (await fetch(`${proxy.url}/${appid}/cgi-bin/getcallbackip`)).status;
  return { simulator, proxy, file, write, status };
}

const said = ({ log }: RunningProxy, what: RegExp): boolean => log.some((line) => what.test(line));

t.test('the accounts file is followed while the proxy runs', async (t) => {
  const { simulator, proxy, file, write, status } = await withAccounts(t, [entry(A), entry(B)]);
  t.equal(await status(A), 200);
  t.equal(await status(B), 200);
  t.equal(await status(C), 404, 'not there yet');
  const calls = simulator.counts.tokenCalls;
  t.equal(calls, 2, 'one token call for each account that was used');

  write(JSON.stringify([entry(A), entry(C, 'wrong-secret-0123456789abcdef01')]));
  await until(async () => (await status(B)) === 404, 'a removed account stops');
  t.equal(await status(A), 200, 'the others go on');
  t.equal(simulator.counts.accounts[A]?.stableNormal, 1, 'with the token they have');
  t.equal(await status(C), 502, 'a new account appears, and its secret is wrong');

  write(JSON.stringify([entry(A), entry(C)]));
  await until(async () => (await status(C)) === 200, 'a changed secret is used at once');

  write('[{"appid":');
  await until(() => said(proxy, /not right/), 'a broken file is said');
  t.equal(await status(A), 200, 'and the last good one stays in force');
  t.notOk(
    proxy.log.some((line) => line.includes(secretOf(A))),
    'without showing a secret',
  );
  const before = proxy.log.filter((line) => line.includes('not right')).length;
  rmSync(file);
  await until(
    () => proxy.log.filter((line) => line.includes('not right')).length > before,
    'a file that is gone is said too',
  );
  t.equal(await status(C), 200);
});

t.test('10,000 accounts: nothing is fetched but the default one’s token', async (t) => {
  const many = Array.from({ length: 10_000 }, (_, i) =>
    entry(`wx1${i.toString(16).padStart(15, '0')}`),
  );
  const before = bytesInUse();
  const { simulator, proxy, status } = await withAccounts(t, [
    { ...entry(A), default: true },
    ...many,
  ]);
  const each = (bytesInUse() - before) / many.length;
  t.ok(each < 2048, `${Math.round(each)} bytes for each idle account, the program included`);
  await untilReady(proxy);
  t.equal(simulator.counts.tokenCalls, 1);
  t.equal(await status('wx1000000000000fff'), 502, 'known, and asked for at first use');
  t.equal(simulator.counts.tokenCalls, 2);
});
