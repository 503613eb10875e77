import t from 'tap';
import { bench, HOUR, LIFE, MINUTE, SECOND, started } from './bench.ts';

t.test('a closed manager renews nothing more', async (t) => {
  const { clock, wechat, manager } = await started({ keepFresh: true });
  manager.close();
  t.equal(clock.pending, 0);
  await clock.advance(24 * HOUR);
  t.equal(wechat.calls.length, 1);
});

t.test('a closed manager retries nothing more', async (t) => {
  const { clock, wechat, manager } = await bench({ keepFresh: true });
  wechat.fail('network');
  await manager.start();
  manager.close();
  await clock.advance(HOUR);
  t.equal(wechat.calls.length, 1);
});

t.test(
  'a token fetched after the close is handed to who waits for it, and begins no timer',
  async (t) => {
    const { clock, wechat, manager, first } = await started({ api: 'token' });
    await clock.advance(LIFE);
    wechat.latencyMs = SECOND;
    const waiting = Promise.all([manager.get(), manager.get(), manager.rejected(first)]);
    await clock.advance(1);
    manager.close();
    const tokens = await clock.until(waiting);
    t.strictSame(
      tokens.map((token) => typeof token === 'object' && token.generation),
      [2, 2, 2],
    );
    t.equal(clock.pending, 0);
    await clock.advance(24 * HOUR);
    t.equal(wechat.calls.length, 2);
  },
);

t.test('requests that were under way at the close still get what they need', async (t) => {
  const { clock, wechat, manager, first } = await started({ api: 'token' });
  manager.close();
  t.equal(manager.get(), first);
  wechat.rotate();
  const other = await clock.until(manager.rejected(first));
  t.equal(typeof other === 'object' && other.generation, 2);
  t.equal(clock.pending, 0);
});

t.test('closing twice is no fault, and changed credentials wake nothing up', async (t) => {
  const { clock, wechat, manager } = await bench({ keepFresh: true });
  wechat.fail('network');
  await manager.start();
  manager.close();
  manager.close();
  manager.credentialsChanged();
  await clock.advance(MINUTE);
  t.equal(wechat.calls.length, 1);
});
