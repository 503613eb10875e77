import { rmSync } from 'node:fs';
import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { Secret } from '../../src/telemetry/secret.ts';
import { TokenCallError, type TokenSource } from '../../src/token/sources/source.ts';
import { tokenCallDispatcher } from '../../src/token/sources/token-call.ts';
import { wechatSource } from '../../src/token/sources/wechat.ts';
import {
  CONTRACT_APPID,
  CONTRACT_SECRET,
  sourceContract,
  type MadeSource,
} from './source-contract.ts';

function make(
  api: 'stable_token' | 'token',
  origin: string,
  secret: () => Secret | undefined,
  timeoutMs = 20_000,
): MadeSource {
  const dispatcher = tokenCallDispatcher(new URL(origin), {
    connectTimeoutMs: timeoutMs,
    tokenTimeoutMs: timeoutMs,
  });
  const appid = CONTRACT_APPID;
  return {
    source: wechatSource({ api, dispatcher, origin, appid, secret, timeoutMs }),
    close: () => dispatcher.destroy(),
  };
}

for (const api of ['stable_token', 'token'] as const) {
  sourceContract(t, api, (origin, timeoutMs) =>
    Promise.resolve(make(api, origin, () => Secret.of(CONTRACT_SECRET), timeoutMs)),
  );

  t.test(`${api}: sends what WeChat asks for, and to no other path`, async (t) => {
    const wechat = await startSimulator({ accounts: { [CONTRACT_APPID]: 'a&b=c+d/é' } });
    t.teardown(() => wechat.stop());
    const { source, close } = make(api, wechat.url, () => Secret.of('a&b=c+d/é'));
    t.teardown(close);
    t.ok((await source.fetch({ force: false })).value, 'a strange secret arrives as it is');
    const [request] = wechat.requests;
    t.equal(request?.method, api === 'token' ? 'GET' : 'POST');
    const path = api === 'token' ? '/cgi-bin/token' : '/cgi-bin/stable_token';
    t.equal(request?.url.split('?')[0], path);
    t.equal(request?.url.includes('secret'), api === 'token', 'in the body where there is one');
  });

  t.test(`${api}: a secret that changes is used from the next call on`, async (t) => {
    const wechat = await startSimulator({ accounts: { [CONTRACT_APPID]: CONTRACT_SECRET } });
    t.teardown(() => wechat.stop());
    let secret = 'an-old-one';
    const { source, close } = make(api, wechat.url, () => Secret.of(secret));
    t.teardown(close);
    t.equal(await reasonOf(source), 'refused');
    secret = CONTRACT_SECRET;
    t.ok((await source.fetch({ force: false })).value);
  });

  t.test(`${api}: without a secret nothing is sent`, async (t) => {
    const wechat = await startSimulator();
    t.teardown(() => wechat.stop());
    const path = `${t.testdir({ secret: CONTRACT_SECRET })}/secret`;
    const gone = Secret.fromFile(path, { lazy: true });
    rmSync(path);
    for (const secret of [() => undefined, () => gone]) {
      const { source, close } = make(api, wechat.url, secret);
      t.teardown(close);
      t.equal(await reasonOf(source), 'refused');
    }
    t.equal(wechat.requests.length, 0);
  });
}

async function reasonOf(source: TokenSource): Promise<string> {
  try {
    await source.fetch({ force: false });
    return 'none';
  } catch (error) {
    if (error instanceof TokenCallError) return error.reason;
    throw error;
  }
}
