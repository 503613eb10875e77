import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { Secret } from '../../src/telemetry/secret.ts';
import { systemClock } from '../../src/token/clock.ts';
import { refresh } from '../../src/token/refresh.ts';
import { tokenCallDispatcher } from '../../src/token/sources/token-call.ts';
import { wechatSource } from '../../src/token/sources/wechat.ts';
import { memoryStore } from '../../src/token/stores/memory.ts';

const { appid, appsecret } = DEMO_ACCOUNT;

t.test('a replica that its store cuts off asks in a way that retires nobody’s token', async (t) => {
  const wechat = await startSimulator();
  t.teardown(() => wechat.stop());
  const timeoutMs = 10_000;
  const dispatcher = tokenCallDispatcher(new URL(wechat.url), {
    connectTimeoutMs: timeoutMs,
    tokenTimeoutMs: timeoutMs,
  });
  t.teardown(() => dispatcher.destroy());
  const secret = (): Secret => Secret.of(appsecret);
  const origin = wechat.url;
  const source = wechatSource({ api: 'token', dispatcher, origin, appid, secret, timeoutMs });
  const ask = (cutOff: boolean) =>
    refresh(
      {
        appid,
        source,
        store: { ...memoryStore(), cutOff },
        clock: systemClock,
        metrics: { forceRefreshed() {} },
        tokenTimeoutMs: timeoutMs,
      },
      { current: undefined, retired: false },
    );
  await ask(false);
  t.equal(wechat.counts.accounts[appid]?.token, 1);
  const answers = await Promise.all([ask(true), ask(true), ask(true)]);
  t.equal(wechat.counts.accounts[appid]?.token, 1);
  const values = answers.map((answer) => ('token' in answer ? answer.token.value : undefined));
  t.equal(new Set(values).size, 1, 'all of them get the same one');
});
