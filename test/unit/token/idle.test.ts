import t from 'tap';
import { bench, HOUR, LIFE, MINUTE, SECOND, started, WINDOW } from './bench.ts';

t.test('an account that nobody uses lets its token expire', async (t) => {
  const { clock, wechat, manager } = await started();
  await clock.advance(24 * HOUR);
  t.equal(wechat.calls.length, 1);
  t.equal(manager.usable, undefined);
  t.equal(clock.pending, 0, 'and costs not even a timer');
  t.equal((await clock.until(Promise.resolve(manager.get()))).generation, 2);
});

t.test('an account that was used is renewed once more, then it is idle', async (t) => {
  const { clock, wechat, manager, first } = await started();
  t.equal(manager.get(), first);
  await clock.advance(24 * HOUR);
  t.equal(wechat.calls.length, 2);
});

t.test('a used account never lets a caller wait, however rarely it is used', async (t) => {
  const { clock, wechat, manager } = await started();
  for (let i = 0; i < 20; i++) {
    t.notOk(manager.get() instanceof Promise);
    await clock.advance(LIFE - WINDOW - MINUTE);
  }
  t.ok(wechat.calls.length <= 21);
});

t.test(
  'a use after a failed refresh outside of the window still counts for the renewal',
  async (t) => {
    const { clock, wechat, manager, first } = await started();
    wechat.rotate();
    wechat.fail('network');
    await manager.rejected(first);
    wechat.mend();
    await clock.advance(MINUTE);
    t.equal(manager.get(), first);
    await clock.advance(LIFE - MINUTE);
    t.equal(manager.usable?.generation, 2, 'it was renewed in its window');
  },
);

t.test('the default account is renewed although nobody asks', async (t) => {
  const { clock, wechat, manager, count } = await started({ keepFresh: true });
  for (let hour = 0; hour < 48; hour++) {
    await clock.advance(HOUR);
    t.ok(wechat.accepts(manager.usable!), `hour ${hour}`);
  }
  t.equal(wechat.calls.length, 1 + Math.floor((48 * HOUR) / (LIFE - WINDOW)));
  t.equal(wechat.mostInFlight, 1);
  t.equal(await count('token_refresh_failures_total'), 0);
});

t.test('the default account recovers by itself, at the start and later', async (t) => {
  const { clock, wechat, manager } = await bench({ keepFresh: true });
  wechat.fail('network');
  await manager.start();
  await clock.advance(HOUR);
  t.equal(manager.usable, undefined);
  const before = wechat.calls.length;
  t.ok(before > 60 && before <= 126, `${before} calls in an hour`);
  wechat.mend();
  await clock.advance(MINUTE);
  t.equal(manager.usable?.generation, 1);

  await clock.advance(LIFE - WINDOW - MINUTE);
  wechat.fail('bad_response');
  await clock.advance(HOUR);
  t.equal(manager.usable, undefined);
  wechat.mend();
  await clock.advance(MINUTE);
  t.equal(manager.usable?.generation, 2);
});

t.test('an account that becomes the default one after it was idle is renewed again', async (t) => {
  let isDefault = false;
  const made = await bench({ keepFresh: () => isDefault });
  await made.manager.start();
  isDefault = true;
  await made.clock.advance(LIFE);
  t.equal(made.manager.usable?.generation, 2);
});

t.test(
  'start() with a token in the store makes no call, and start() twice makes one',
  async (t) => {
    const { clock, wechat, manager } = await bench({ keepFresh: true });
    wechat.latencyMs = SECOND;
    await clock.until(Promise.all([manager.start(), manager.start()]));
    await manager.start();
    t.equal(wechat.calls.length, 1);
  },
);
