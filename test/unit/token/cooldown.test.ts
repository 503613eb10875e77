import t from 'tap';
import { Cooldown } from '../../../src/token/cooldown.ts';
import { memoryStore } from '../../../src/token/stores/memory.ts';
import type { Token } from '../../../src/token/token.ts';
import { HOUR, LIFE, MINUTE, replacement, SECOND, started, WINDOW, type Bench } from './bench.ts';

const DAY = 24 * HOUR;
const token = (generation: number): Token => ({
  value: `t${generation}`,
  expiresAt: 0,
  generation,
});

t.test('a cool-down covers one generation, for its time', (t) => {
  const cooldown = new Cooldown();
  t.equal(cooldown.remainingMs(token(2), 0), 0);
  t.equal(cooldown.begin(token(2), 1000), 30_000);
  t.equal(cooldown.remainingMs(token(2), 1000), 30_000);
  t.equal(cooldown.remainingMs(token(2), 30_999), 1);
  t.equal(cooldown.remainingMs(token(2), 31_000), 0);
  t.equal(cooldown.remainingMs(token(1), 1000), 0);
  t.equal(cooldown.remainingMs(token(3), 1000), 0);
  t.end();
});

t.test('many rejected replays begin one cool-down; each next one is longer', (t) => {
  const cooldown = new Cooldown();
  t.equal(cooldown.begin(token(2), 0), 30_000);
  t.equal(cooldown.begin(token(2), 29_999), 0);
  t.equal(cooldown.begin(token(1), 0), 0, 'a replay of an older generation says nothing new');
  t.equal(cooldown.begin(token(3), 30_000), 60_000);
  t.equal(cooldown.begin(token(3), 90_000), 120_000, 'or the same one, after its time');
  t.end();
});

t.test('only a replay that succeeds with a newer token resets it', (t) => {
  const cooldown = new Cooldown();
  cooldown.begin(token(2), 0);
  t.equal(cooldown.reset(token(2), 0), false, 'the token was good all along');
  t.equal(cooldown.reset(token(1), 0), false);
  t.equal(cooldown.remainingMs(token(2), 0), 30_000);
  t.equal(cooldown.reset(token(3), 0), true);
  t.equal(cooldown.remainingMs(token(2), 0), 0);
  t.equal(cooldown.begin(token(4), 0), 30_000, 'the first length again');
  t.end();
});

t.test('a token that served one endpoint and was rejected by another makes nothing better', (t) => {
  const cooldown = new Cooldown();
  cooldown.begin(token(2), 0);
  t.equal(cooldown.reset(token(3), 30_000), true);
  t.equal(cooldown.begin(token(3), 31_000), 60_000, 'the next length, not the first');
  t.equal(cooldown.reset(token(4), 91_000), true);
  t.equal(cooldown.begin(token(4), 191_000), 30_000, 'rejected much later, it is another matter');
  t.end();
});

t.test('what cannot be replayed fetches ever more rarely', async (t) => {
  const { clock, manager, wechat } = await started({ api: 'token' });
  const fetchedAt: number[] = [];
  const from = clock.monotonic();
  for (let at = 0; at < 3600; at += 1) {
    const { length } = wechat.calls;
    const sent = await clock.until(Promise.resolve(manager.get()));
    await clock.until(manager.rejected(sent, false));
    // Others are in flight, are rejected for it and succeed: that must not speak for the upload.
    const now = manager.usable;
    if (now !== undefined && now !== sent) manager.replayed(now, 'ok');
    if (wechat.calls.length > length) {
      fetchedAt.push(Math.round((clock.monotonic() - from) / SECOND));
    }
    await clock.advance(SECOND);
  }
  t.strictSame(fetchedAt.slice(0, 5), [0, 30, 90, 210, 450]);
  t.ok(fetchedAt.length <= 8, `${fetchedAt.length} fetches in an hour`);
});

t.test('the fifth token in a row that serves no replay cools down by itself', (t) => {
  const cooldown = new Cooldown();
  for (const generation of [2, 3, 4, 5]) t.equal(cooldown.obtained(token(generation), 0), 0);
  t.equal(cooldown.obtained(token(6), 0), 30_000);
  t.equal(cooldown.begin(token(6), 0), 0, 'its rejected replay changes nothing');
  t.equal(cooldown.reset(token(6), 0), false, 'and then others speak no more for it');
  t.equal(cooldown.obtained(token(7), 30_000), 60_000);
  t.equal(cooldown.reset(token(7), 0), true, 'but a replay that succeeds does');
  t.equal(cooldown.remainingMs(token(7), 30_000), 0);
  t.equal(cooldown.obtained(token(8), 30_000), 0, 'from the beginning');
  t.end();
});

/** A request to an endpoint that always says 40001, as the request path makes it. */
async function badRequest({ clock, manager }: Bench, replays: boolean): Promise<string> {
  const first = await clock.until(Promise.resolve(manager.get()));
  const other = await clock.until(manager.rejected(first));
  if (typeof other === 'string') return other;
  if (replays) manager.replayed(other, 'rejected');
  return 'rejected again';
}

t.test('a fresh token that is rejected too begins a cool-down of 30 s, then 60 s', async (t) => {
  const made = await started({ api: 'token' });
  t.equal(await badRequest(made, true), 'rejected again');
  t.equal(made.wechat.calls.length, 2);
  await made.clock.advance(30 * SECOND - 1);
  for (let i = 0; i < 100; i++) t.equal(await badRequest(made, true), 'cooldown');
  t.equal(made.wechat.calls.length, 2);
  await made.clock.advance(1);
  t.equal(await badRequest(made, true), 'rejected again');
  t.equal(made.wechat.calls.length, 3);
  await made.clock.advance(MINUTE - 1);
  t.equal(await badRequest(made, true), 'cooldown');
  await made.clock.advance(1);
  t.equal(await badRequest(made, true), 'rejected again');
  t.equal(made.wechat.calls.length, 4);
  t.equal(made.log.filter((line) => line.includes('cool-down')).length, 3, 'said once each');
});

t.test(
  'during a cool-down everybody else is served, and ordinary successes do not end it',
  async (t) => {
    const made = await started({ api: 'token' });
    await badRequest(made, true);
    for (let i = 0; i < 25; i++) {
      await made.clock.advance(SECOND);
      t.equal(made.manager.get(), made.manager.usable);
      t.equal(await badRequest(made, true), 'cooldown');
    }
  },
);

t.test('when a rotation is seen after the cool-down, replays succeed and it is over', async (t) => {
  const made = await started({ api: 'token' });
  const { clock, manager, wechat } = made;
  await badRequest(made, true);
  await clock.advance(30 * SECOND);
  await badRequest(made, true);
  await clock.advance(MINUTE);
  wechat.rotate();
  const good = await replacement(made, manager.usable!);
  manager.replayed(good, 'ok');
  t.equal(await badRequest(made, true), 'rejected again', 'not covered any more');
  await clock.advance(30 * SECOND);
  t.equal(await badRequest(made, true), 'rejected again', 'and 30 s again, not 120');
});

t.test('a replay that never came to an end does not begin a cool-down', async (t) => {
  const made = await started({ api: 'token' });
  made.wechat.rotate();
  const other = await replacement(made, made.first);
  made.manager.replayed(other, 'failed');
  made.wechat.rotate();
  t.equal((await replacement(made, other)).generation, 3);
});

for (const [what, replays] of [
  ['requests', true],
  ['uploads, which are not replayed,', false],
] as const) {
  t.test(`a day of ${what} to an endpoint that always says 40001 burns no quota`, async (t) => {
    for (const api of ['token', 'stable_token'] as const) {
      const made = await started({ api });
      const { clock, wechat } = made;
      const startedMs = clock.monotonic();
      for (let atMs = 0; atMs < DAY; atMs += 10 * SECOND) {
        await badRequest(made, replays);
        const nextMs = startedMs + atMs + 10 * SECOND;
        if (nextMs > clock.monotonic()) await clock.advance(nextMs - clock.monotonic());
      }
      const forces = wechat.calls.filter(({ force }) => force).length;
      const calls = wechat.calls.length;
      t.comment(`${api}: ${calls} token calls, ${forces} of them forced`);
      t.ok(calls >= 90, `${api}: ${calls} calls: the cool-down ends`);
      // Four cool-downs in an hour, of one call each or (asked, asked again, forced) of three.
      t.ok(calls <= (api === 'token' ? 120 : 360), `${api}: ${calls} calls`);
      t.ok(forces <= 18, `${api}: ${forces} forces`);
      const perHour = Array.from(
        { length: 24 },
        (_, hour) =>
          wechat.callsSince(startedMs + hour * HOUR) -
          wechat.callsSince(startedMs + (hour + 1) * HOUR),
      );
      t.ok(Math.max(...perHour) <= 50, `at most ${Math.max(...perHour)} calls in an hour`);
    }
  });
}

t.test('a stale token that was adopted, or was there already, begins no cool-down', async (t) => {
  const store = memoryStore();
  const one = await started({ api: 'token', store });
  const two = await started({ api: 'token', store, clock: one.clock, wechat: one.wechat });
  one.wechat.rotate();
  const second = await replacement(one, one.first);
  one.manager.replayed(second, 'ok');
  await one.clock.advance(MINUTE);
  one.wechat.rotate();
  const adopted = await replacement(two, two.first);
  t.equal(adopted.value, second.value);
  two.manager.replayed(adopted, 'rejected');
  t.ok(two.wechat.accepts(await replacement(two, adopted)), 'the next request finds out');
  t.equal((await one.manager.rejected(second)) === 'cooldown', false, 'nor for anybody else');
});

t.test(
  "another replica's cool-down counts here too, and the renewal still comes in time",
  async (t) => {
    const store = memoryStore();
    const { clock, manager, wechat, first } = await started({
      api: 'token',
      store,
      keepFresh: true,
    });
    await clock.advance(LIFE - WINDOW - SECOND);
    const cooldown = { generation: 1, until: clock.now() + MINUTE, lengthMs: MINUTE };
    await store.saveCooldown('wx1', cooldown);
    const unlock = await store.lock('wx1');
    const answer = manager.rejected(first);
    await clock.advance(2 * SECOND); // the renewal falls due while the rejection waits for its turn
    await unlock?.();
    t.equal(await answer, 'cooldown');
    t.equal(wechat.calls.length, 1);
    await clock.advance(SECOND);
    t.equal(manager.usable?.generation, 2);
  },
);

t.test('an expired token is replaced whatever cools down', async (t) => {
  const store = memoryStore();
  const made = await started({ api: 'token', store });
  await made.clock.advance(LIFE);
  const until = made.clock.now() + MINUTE;
  await store.saveCooldown('wx1', { generation: 1, until, lengthMs: MINUTE });
  t.equal((await replacement(made, made.first)).generation, 2);
});
