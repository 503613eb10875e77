import t from 'tap';
import type { ProxyError } from '../../../src/errors.ts';
import { bench, failureOf, LIFE, MINUTE, SECOND, started, TOKEN_TIMEOUT, WINDOW } from './bench.ts';

const thousand = (holds: () => boolean): boolean =>
  Array.from({ length: 1000 }, holds).every(Boolean);

t.test('a fresh token is served at once, however often it is asked for', async (t) => {
  const { clock, wechat, manager, first } = await started();
  await clock.advance(LIFE - WINDOW - 1);
  t.ok(
    thousand(() => manager.get() === first),
    'not even a promise',
  );
  await clock.advance(0);
  t.equal(wechat.calls.length, 1);
});

t.test('1,000 callers without a token wait for one call and get the same token', async (t) => {
  const { clock, wechat, manager } = await bench();
  wechat.latencyMs = SECOND;
  const asked = Array.from({ length: 1000 }, () => Promise.resolve(manager.get()));
  const tokens = await clock.until(Promise.all(asked));
  t.equal(new Set(tokens).size, 1);
  t.equal(wechat.calls.length, 1);
  t.ok(wechat.accepts(tokens[0]!));
});

t.test('inside the window the token is still served, and one refresh runs behind it', async (t) => {
  const { clock, wechat, manager, first, count } = await started();
  const release = wechat.hold();
  await clock.advance(LIFE - WINDOW);
  t.ok(
    thousand(() => manager.get() === first),
    'not even a promise',
  );
  await clock.advance(SECOND);
  t.equal(wechat.calls.length, 2);
  release();
  await clock.advance(0);
  const second = await manager.get();
  t.equal(second.generation, 2);
  t.not(second.value, first.value);
  await clock.advance(LIFE - 2 * WINDOW);
  t.equal(manager.get(), second);
  t.equal(wechat.calls.length, 2);
  t.equal(await count('token_refreshes_total', { trigger: 'scheduled', outcome: 'fetched' }), 1);
});

t.test('whoever comes after the expiry joins the refresh that began before it', async (t) => {
  const { clock, wechat, manager, first } = await started();
  await clock.advance(LIFE - SECOND);
  const release = wechat.hold();
  t.equal(manager.get(), first);
  await clock.advance(SECOND);
  t.equal(manager.usable, undefined, 'expired to the millisecond');
  const late = [manager.get(), manager.get()].map((token) => Promise.resolve(token));
  release();
  const tokens = await clock.until(Promise.all(late));
  t.strictSame(
    tokens.map(({ generation }) => generation),
    [2, 2],
  );
  t.equal(wechat.calls.length, 2);
});

t.test('callers wait no longer than the token timeout; the call goes on for others', async (t) => {
  const { clock, wechat, manager } = await bench();
  const release = wechat.hold();
  const outcomes: ProxyError[] = [];
  for (let i = 0; i < 10; i++) {
    void failureOf(Promise.resolve(manager.get())).then((error) =>
      outcomes.push(error as ProxyError),
    );
  }
  await clock.advance(TOKEN_TIMEOUT - 1);
  t.equal(outcomes.length, 0);
  await clock.advance(1);
  t.equal(outcomes.length, 10);
  for (const { code, status, errcode, retryAfterS } of outcomes) {
    t.strictSame([code, status, errcode, retryAfterS], ['ERR_TOKEN_UNAVAILABLE', 503, -1, 1]);
  }
  const later = Promise.resolve(manager.get());
  release();
  t.equal((await clock.until(later)).generation, 1);
  t.equal(wechat.calls.length, 1);
});

t.test('a rejected request waits no longer than the token timeout either', async (t) => {
  const { clock, wechat, manager, first } = await started();
  wechat.rotate();
  const release = wechat.hold();
  let answered: unknown;
  void manager.rejected(first).then((answer) => (answered = answer));
  await clock.advance(TOKEN_TIMEOUT - 1);
  t.equal(answered, undefined);
  await clock.advance(1);
  t.equal(answered, 'no_token');
  release();
  await clock.advance(0);
  t.equal((await manager.get()).generation, 2, 'the call went on for those who come after');
});

t.test('the timers of callers that were served are not left behind', async (t) => {
  const { clock, wechat, manager } = await bench();
  const release = wechat.hold();
  const asked = Array.from({ length: 50 }, () => Promise.resolve(manager.get()));
  t.equal(clock.pending, 50);
  release();
  await Promise.all(asked);
  t.equal(clock.pending, 1, 'the next renewal alone');
});

t.test('a life of a few seconds is renewed at its half, and nobody ever waits', async (t) => {
  const { clock, wechat, manager } = await started({ rules: { lifetimeMs: 4000 } });
  wechat.latencyMs = 200;
  for (let at = 0; at < MINUTE; at += 50) {
    const token = manager.get();
    if (token instanceof Promise) throw new Error(`a caller waits at ${at} ms`);
    if (!wechat.accepts(token)) throw new Error(`a bad token at ${at} ms`);
    await clock.advance(50);
  }
  t.equal(wechat.mostInFlight, 1);
  const renewals = wechat.calls.length - 1;
  t.ok(renewals >= 25 && renewals <= 30, `${renewals} renewals in 60 s: one in 2 s and a bit`);
});

t.test('an answer that says "still the same" is no failure: it is asked again soon', async (t) => {
  // WeChat hands the next token out in the last minute only: the window opens before that.
  const { clock, wechat, manager, first, count } = await started({ rules: { overlapMs: MINUTE } });
  await clock.advance(LIFE - WINDOW - 1);
  t.equal(manager.get(), first);
  await clock.advance(1);
  t.equal(wechat.calls.length, 2);
  t.equal(await count('token_refreshes_total', { trigger: 'scheduled', outcome: 'unchanged' }), 1);
  t.equal(await count('token_refresh_failures_total'), 0);
  t.equal(manager.usable?.value, first.value);
  t.equal(manager.usable?.generation, 1, 'the same string is the same generation');
  await clock.advance(30 * SECOND - 1);
  t.equal(wechat.calls.length, 2, 'not at once');
  await clock.advance(1);
  t.equal(wechat.calls.length, 3, 'but half a minute later');
  await clock.advance(WINDOW - MINUTE);
  t.equal(manager.usable?.generation, 2);
  t.ok(wechat.calls.length <= 12, `${wechat.calls.length} calls for one renewal`);
});

t.test('the same string long before its window is not asked about every 30 s', async (t) => {
  // The wall clock jumps and comes back: the token seems expired, WeChat says "still the same".
  const { clock, wechat, manager } = await started({ keepFresh: true });
  clock.setWall(LIFE);
  t.equal((await clock.until(Promise.resolve(manager.get()))).generation, 1);
  t.equal(wechat.calls.length, 2);
  await clock.advance(LIFE - WINDOW - MINUTE);
  t.equal(wechat.calls.length, 2);
  await clock.advance(2 * MINUTE);
  t.equal(manager.usable?.generation, 2, 'renewed in its window');
  t.ok(wechat.calls.length <= 4, `${wechat.calls.length} calls`);
});

t.test('what comes to an end while nobody waits is there for the next one', async (t) => {
  const { clock, wechat, manager } = await bench();
  wechat.fail('network');
  t.equal((await failureOf(Promise.resolve(manager.get()))).name, 'ProxyError');
  wechat.mend();
  await clock.advance(SECOND);
  const token = manager.get();
  t.notOk(token instanceof Promise, 'the retry behind it has succeeded');
  t.equal(wechat.calls.length, 2);
});

t.test('the same where the token had expired unused: its refresh is tried again', async (t) => {
  const { clock, wechat, manager } = await started({ keepFresh: false });
  await clock.advance(LIFE + MINUTE);
  t.equal(wechat.calls.length, 1, 'it was left to expire');
  wechat.fail('network');
  t.equal((await failureOf(Promise.resolve(manager.get()))).name, 'ProxyError');
  wechat.mend();
  await clock.advance(SECOND);
  t.notOk(manager.get() instanceof Promise, 'the retry behind it has succeeded');
  t.equal(wechat.calls.length, 3);
});

t.test(
  'once not to be kept fresh, what never got a token and nobody asks for is let go',
  async (t) => {
    let keepFresh = true;
    const { clock, wechat, manager } = await bench({ keepFresh: () => keepFresh });
    wechat.fail('network');
    await manager.start();
    await clock.advance(SECOND);
    t.equal(wechat.calls.length, 2, 'it is tried again');
    keepFresh = false;
    await clock.advance(LIFE);
    t.equal(wechat.calls.length, 2, 'nobody asks for it any more');
  },
);
