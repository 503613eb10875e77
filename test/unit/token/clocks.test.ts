import t from 'tap';
import { memoryStore } from '../../../src/token/stores/memory.ts';
import { bench, HOUR, LIFE, MINUTE, replacement, SECOND, started, WINDOW } from './bench.ts';

t.test('a wall clock set back by hours does not prolong a life', async (t) => {
  const { clock, wechat, manager, first } = await started();
  clock.setWall(-5 * HOUR);
  await clock.advance(LIFE - 1);
  t.equal(manager.usable, first);
  await clock.advance(1);
  t.equal(manager.usable, undefined, 'two hours are two hours');
  t.equal((await clock.until(Promise.resolve(manager.get()))).generation, 2);
  t.equal(wechat.calls.length, 2);
});

t.test(
  'a wall clock set forward by hours ends a life: callers wait, nobody is turned away',
  async (t) => {
    const { clock, wechat, manager, first } = await started({ api: 'token' });
    clock.setWall(5 * HOUR);
    t.equal(manager.usable, undefined);
    const token = await clock.until(Promise.resolve(manager.get()));
    t.equal(token.generation, 2);
    t.not(token.value, first.value);
    t.equal(manager.get(), token, 'and it lives by the new time');
    await clock.advance(LIFE - WINDOW - 1);
    t.equal(manager.get(), token);
    t.equal(wechat.calls.length, 2);
  },
);

t.test('set forward and back again: the token that was good is good again', async (t) => {
  const { clock, wechat, manager, first } = await started();
  clock.setWall(HOUR);
  t.equal(manager.get(), first);
  clock.setWall(-HOUR);
  t.equal(manager.get(), first);
  t.equal(wechat.calls.length, 1);
});

for (const byMs of [-5 * HOUR, 5 * HOUR]) {
  t.test(`the wall clock is set by ${byMs / HOUR} h during the token call`, async (t) => {
    const { clock, wechat, manager } = await bench();
    wechat.latencyMs = 2 * SECOND;
    const asked = Promise.resolve(manager.get());
    await clock.advance(SECOND);
    clock.setWall(byMs);
    const token = await clock.until(asked);
    t.equal(token.expiresAt - clock.now(), LIFE - 2 * SECOND, 'its life is not a jot longer');
    t.equal(manager.usable, token);
    await clock.advance(LIFE - 2 * SECOND - 1);
    t.equal(manager.usable, token);
    await clock.advance(1);
    t.equal(manager.usable, undefined);
  });
}

t.test('a life is counted from before the token was asked for', async (t) => {
  const { clock, wechat, manager } = await bench();
  wechat.latencyMs = 8 * SECOND;
  const askedMs = clock.monotonic();
  const token = await clock.until(Promise.resolve(manager.get()));
  await clock.advance(askedMs + LIFE - clock.monotonic() - 1);
  t.equal(manager.usable, token);
  await clock.advance(1);
  t.equal(manager.usable, undefined);
  t.notOk(wechat.calls.length > 1);
});

t.test('a machine that slept, or a loop that stalled, serves no expired token', async (t) => {
  const { clock, wechat, manager, first } = await started({ keepFresh: true });
  clock.stall(LIFE + HOUR);
  t.equal(manager.usable, undefined, 'no timer has fired yet');
  const token = await clock.until(Promise.resolve(manager.get()));
  t.ok(wechat.accepts(token));
  t.not(token.value, first.value);
  t.equal(wechat.calls.length, 2);
});

t.test('the default account finds out by itself that the wall clock has jumped', async (t) => {
  const { clock, wechat, manager } = await started({ keepFresh: true });
  await clock.advance(HOUR);
  clock.setWall(3 * HOUR);
  t.equal(manager.usable, undefined);
  await clock.advance(MINUTE);
  t.ok(manager.usable, 'within a minute, with no request to wake it');
  t.equal(wechat.calls.length, 2);
});

t.test('a wall clock set back does not stretch a cool-down', async (t) => {
  const made = await started({ api: 'token' });
  const { clock, manager } = made;
  const other = await replacement(made, made.first);
  manager.replayed(other, 'rejected');
  clock.setWall(-5 * HOUR);
  t.equal(await clock.until(manager.rejected(other)), 'cooldown');
  await clock.advance(30 * SECOND);
  t.equal((await replacement(made, other)).generation, 3);
});

t.test('a wall clock set back does not forbid a force_refresh for hours', async (t) => {
  const made = await started();
  const { clock, manager, wechat } = made;
  wechat.tokens.revoke('kept');
  const second = await replacement(made, made.first);
  manager.replayed(second, 'ok');
  clock.setWall(-5 * HOUR);
  await clock.advance(MINUTE);
  wechat.tokens.revoke('kept');
  t.equal((await replacement(made, second)).generation, 3);
});

t.test('a token that the store holds is taken with what is left of its life', async (t) => {
  const store = memoryStore();
  const one = await started({ store });
  await one.clock.advance(HOUR);
  const two = await bench({ store, clock: one.clock, wechat: one.wechat });
  t.same(await two.manager.get(), one.first);
  t.equal(one.wechat.calls.length, 1);
  two.clock.setWall(-5 * HOUR);
  await two.clock.advance(HOUR - 1);
  t.same(two.manager.usable, one.first);
  await two.clock.advance(1);
  t.equal(two.manager.usable, undefined);
  t.equal(await two.count('token_refreshes_total', { trigger: 'startup', outcome: 'adopted' }), 1);
});
