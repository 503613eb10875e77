import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startProxy, until, untilReady, type RunningProxy } from '../helpers/proxy.ts';

const { appid, appsecret } = DEMO_ACCOUNT;
const WRONG = 'fedcba9876543210fedcba9876543210';
const KEY = 'a-client-key-of-thirty-two-chars';
/** Refused credentials that stay as they are wait for a minute. */
const SOON_MS = 10_000;

async function simulated(t: Test) {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  return simulator;
}

const refused = ({ log }: RunningProxy): Promise<void> =>
  until(() => log.some((line) => line.includes('token refresh failed')), 'it is refused');

t.test(
  'an AppSecret that is put right in its file is used at once, asked for or not',
  async (t) => {
    const simulator = await simulated(t);
    const directory = t.testdir({ old: WRONG, new: `${appsecret}\n` });
    const file = `${directory}/secret`;
    symlinkSync('old', file); // as Kubernetes does it
    const env = { WECHAT_APPSECRET: undefined, WECHAT_APPSECRET_FILE: file };
    const proxy = await startProxy(t, { upstream: simulator.url, env });
    await refused(proxy);
    t.equal((await fetch(`${proxy.url}/wxa/order`)).status, 502);
    symlinkSync('new', `${file}.next`);
    renameSync(`${file}.next`, file);
    const mended = performance.now();
    await untilReady(proxy);
    t.ok(performance.now() - mended < SOON_MS);
    t.equal((await fetch(`${proxy.url}/wxa/order`)).status, 200);
    t.equal(simulator.counts.tokenCalls, 2, 'the old one was shown once, and the new one once');
  },
);

t.test('so it is for an account that is not the default one, at its next request', async (t) => {
  const simulator = await simulated(t);
  const file = `${t.testdir({ secret: WRONG })}/secret`;
  const accounts = [
    { appid: 'wx00000000000000aa', appsecret: WRONG, default: true },
    { appid, appsecretFile: basename(file) },
  ];
  writeFileSync(`${file}.json`, JSON.stringify(accounts));
  const env = {
    WECHAT_APPID: undefined,
    WECHAT_APPSECRET: undefined,
    WXPROXY_ACCOUNTS_FILE: `${file}.json`,
  };
  const proxy = await startProxy(t, { upstream: simulator.url, env });
  const status = async (): Promise<number> =>
    (await fetch(`${proxy.url}/${appid}/wxa/order`)).status;
  t.equal(await status(), 502);
  t.equal(await status(), 502);
  t.equal(simulator.counts.tokenCalls, 2, 'one for each: WeChat is not asked again meanwhile');
  writeFileSync(file, appsecret);
  await until(async () => (await status()) === 200, 'it is used', SOON_MS);
});

t.test('and for the key that proves a sidecar to its peer', async (t) => {
  const simulator = await simulated(t);
  const central = await startProxy(t, {
    upstream: simulator.url,
    env: { WXPROXY_TOKEN_ENDPOINTS: 'issue', WXPROXY_CLIENT_KEY: KEY },
  });
  const file = `${t.testdir({ key: WRONG })}/key`;
  const sidecar = await startProxy(t, {
    upstream: simulator.url,
    env: {
      WECHAT_APPSECRET: undefined,
      WXPROXY_TOKEN_PEER: central.url,
      WXPROXY_TOKEN_PEER_KEY_FILE: file,
    },
  });
  await refused(sidecar);
  writeFileSync(file, KEY);
  const mended = performance.now();
  await untilReady(sidecar);
  t.ok(performance.now() - mended < SOON_MS);
});
