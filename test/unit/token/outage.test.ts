import t from 'tap';
import type { ProxyError } from '../../../src/errors.ts';
import { TokenCallError } from '../../../src/token/sources/source.ts';
import {
  bench,
  failureOf,
  HOUR,
  LIFE,
  MINUTE,
  replacement,
  SECOND,
  started,
  WINDOW,
  type Bench,
} from './bench.ts';

const refusal = async ({ clock, manager }: Bench): Promise<ProxyError> =>
  (await failureOf(clock.until(Promise.resolve(manager.get())))) as ProxyError;

t.test(
  'a failed refresh keeps the old token until it expires, then callers are turned away',
  async (t) => {
    const made = await started();
    const { clock, manager, wechat, first } = made;
    await clock.advance(LIFE - WINDOW);
    wechat.fail('network');
    for (let leftMs = WINDOW; leftMs > 0; leftMs -= SECOND) {
      if (manager.get() !== first) t.fail(`not served with ${leftMs} ms left`);
      await clock.advance(SECOND);
    }
    t.equal(manager.usable, undefined);
    const { code, status, errcode, retryAfterS } = await refusal(made);
    t.strictSame([code, status, errcode], ['ERR_TOKEN_UNAVAILABLE', 503, -1]);
    t.ok((retryAfterS ?? 0) > 0, `Retry-After: ${retryAfterS}`);
    wechat.mend();
    await clock.advance(MINUTE);
    t.equal((await manager.get()).generation, 2, 'it recovers by itself');
  },
);

for (const random of [0, 0.5, 0.999]) {
  t.test(
    `an hour of outage under load costs about one call a minute (chance ${random})`,
    async (t) => {
      const made = await bench({ random: () => random });
      const { clock, manager, wechat } = made;
      wechat.fail('network');
      const gaps: number[] = [];
      for (let at = 0; at < HOUR; at += 250) {
        await failureOf(Promise.resolve(manager.get()));
        await clock.advance(250);
      }
      for (const [i, { atMs }] of wechat.calls.entries()) {
        if (i > 0) gaps.push(atMs - wechat.calls[i - 1]!.atMs);
      }
      const expected = [1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * (500 + 500 * random));
      for (const [i, gap] of expected.entries())
        t.ok(Math.abs(gaps[i]! - gap) <= 1, `${gaps[i]} ms`);
      t.ok(gaps.slice(6).every((gap) => gap >= 30_000 && gap <= 60_000));
      t.ok(wechat.calls.length <= 126, `${wechat.calls.length} calls`);
      wechat.mend();
      await clock.advance(MINUTE);
      t.equal((await manager.get()).generation, 1);
    },
  );
}

t.test('an hour of outage during which every request is rejected costs no more', async (t) => {
  const made = await started({ random: () => 0.5 });
  const { clock, manager, wechat, first } = made;
  wechat.rotate();
  wechat.fail('timeout');
  for (let at = 0; at < HOUR; at += 250) {
    const answers = await Promise.all([manager.rejected(first), manager.rejected(first)]);
    if (answers.some((answer) => typeof answer !== 'string')) t.fail('a token from nowhere');
    await clock.advance(250);
  }
  t.ok(wechat.calls.length > 60 && wechat.calls.length < 100, `${wechat.calls.length} calls`);
  wechat.mend();
  await clock.advance(MINUTE);
  t.equal((await replacement(made, first)).generation, 2);
});

t.test('after a success the back-off begins anew', async (t) => {
  const { clock, wechat, manager } = await bench({ keepFresh: true });
  wechat.fail('busy');
  await manager.start();
  await clock.advance(10 * MINUTE);
  wechat.mend();
  await clock.advance(MINUTE);
  t.ok(manager.usable);
  await clock.advance(LIFE - WINDOW - MINUTE);
  wechat.fail('busy');
  await clock.advance(MINUTE);
  const from = wechat.calls.length;
  const lastMs = wechat.calls[from - 1]!.atMs;
  t.ok(from > 0 && clock.monotonic() - lastMs < 30_000);
  const inAMinute = wechat.callsSince(clock.monotonic() - MINUTE);
  t.ok(inAMinute >= 5, `${inAMinute} tries in the first minute`);
});

const WORDS = 'invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 65a-1b2-3c4';

t.test(
  'credentials that are refused are tried every 60 s only, and WeChat is quoted',
  async (t) => {
    const made = await bench();
    const { clock, manager, wechat } = made;
    wechat.fail('refused', `WeChat answered 40164: ${WORDS}`, 40164);
    for (let at = 0; at < HOUR; at += SECOND) {
      const { code, status, errcode, message, retryAfterS } = await refusal(made);
      if (code !== 'ERR_TOKEN_REFUSED' || !message.includes(WORDS)) t.fail(message);
      if (status !== 502 || errcode !== 40164 || retryAfterS === undefined || retryAfterS > 60) {
        t.fail(`${status} ${errcode} ${retryAfterS}`);
      }
      await clock.advance(SECOND);
    }
    t.ok(wechat.calls.length >= 59 && wechat.calls.length <= 61, `${wechat.calls.length} calls`);
    t.ok(made.log.some((line) => line.includes('"level":"error"') && line.includes(WORDS)));
    t.ok(made.log.length < 15, `${made.log.length} lines in an hour`);
    t.equal(
      await made.count('token_refresh_failures_total', { reason: 'refused' }),
      wechat.calls.length,
    );
    wechat.mend();
    await clock.advance(MINUTE);
    t.ok(manager.usable, 'mended at WeChat: no restart is needed');
  },
);

t.test(
  'changed credentials are tried at once, also if a call with the old ones is on its way',
  async (t) => {
    const made = await bench({ keepFresh: true });
    const { clock, manager, wechat } = made;
    wechat.fail('refused', 'WeChat answered 40125', 40125);
    await manager.start();
    wechat.mend();
    manager.credentialsChanged();
    await clock.advance(0);
    t.equal(manager.usable?.generation, 1);

    await clock.advance(LIFE - WINDOW - 1);
    let refuse = (): void => {};
    wechat.answer = () =>
      new Promise((_, reject) => {
        refuse = () => reject(new TokenCallError('refused', 'the old secret', { errcode: 40125 }));
      });
    await clock.advance(1);
    t.equal(wechat.inFlight, 1);
    manager.credentialsChanged();
    wechat.mend();
    refuse();
    await clock.advance(0);
    await clock.advance(0);
    t.equal(manager.usable?.generation, 2);
  },
);

t.test('a refusal during other trouble is said at once', async (t) => {
  const made = await bench({ keepFresh: true });
  made.wechat.fail('network');
  await made.manager.start();
  await made.clock.advance(10 * MINUTE);
  made.wechat.fail('refused', 'WeChat answered 40125: invalid appsecret', 40125);
  await made.clock.advance(MINUTE);
  t.ok(made.log.some((line) => line.includes('invalid appsecret')));
});

// 2026-05-01 in Beijing begins at 16:00 UTC of the day before.
const quotaTable = [
  ['noon', '2026-05-01T04:00:00Z', 12 * HOUR],
  ['the last second of the day', '2026-05-01T15:59:59Z', SECOND],
  ['the early morning', '2026-04-30T16:30:00Z', 23.5 * HOUR],
  // By WeChat's clock it may still be yesterday.
  ['midnight sharp', '2026-04-30T16:00:00Z', MINUTE],
  ['nine minutes past midnight', '2026-04-30T16:09:00Z', MINUTE],
] as const;

for (const [when, now, waitMs] of quotaTable) {
  t.test(
    `the daily quota is gone at ${when}: nothing is asked for ${waitMs / SECOND} s`,
    async (t) => {
      const made = await started({ api: 'token' });
      const { clock, manager, wechat, first } = made;
      clock.setWall(Date.parse(now) - clock.now());
      wechat.fail('quota', 'WeChat answered 45009: reach max api daily quota limit', 45009);
      // The wall clock may have expired the token: this is about the calls.
      await clock.until(manager.rejected(first));
      const calls = wechat.calls.length;
      t.equal(calls, 2);
      for (let i = 1; i <= 100; i++) {
        await clock.advance(waitMs / 100 - (i === 100 ? 1 : 0));
        await clock.until(manager.rejected(first));
      }
      t.equal(wechat.calls.length, calls, 'no call until then');
      await clock.advance(1 + SECOND);
      await manager.rejected(first);
      t.equal(wechat.calls.length, calls + 1);
    },
  );
}

t.test(
  'the daily quota is gone: the old token is served on, then it is 503 and not 502',
  async (t) => {
    const made = await started({ api: 'token' });
    const { clock, manager, wechat, first } = made;
    wechat.fail('quota', 'WeChat answered 45009: reach max api daily quota limit', 45009);
    await clock.advance(LIFE - 1);
    t.equal(manager.get(), first);
    await clock.advance(1);
    const { code, status, errcode, message, retryAfterS } = await refusal(made);
    t.strictSame([code, status, errcode], ['ERR_TOKEN_UNAVAILABLE', 503, -1]);
    t.match(message, '45009');
    t.ok((retryAfterS ?? 0) > 9 * 3600, 'come back tomorrow');
    await clock.advance(5 * HOUR);
    t.equal(wechat.calls.length, 2);
  },
);

t.test('too many calls in a minute: one minute of silence', async (t) => {
  const { clock, wechat, manager } = await bench({ keepFresh: true });
  wechat.fail('quota', 'WeChat answered 45011: api minute-quota reach limit', 45011);
  await manager.start();
  await clock.advance(MINUTE - 1);
  t.equal(wechat.calls.length, 1);
  await clock.advance(1);
  t.equal(wechat.calls.length, 2);
});
