import t from 'tap';
import type { Token } from '../../../src/token/token.ts';
import { HOUR, MINUTE, replacement, SECOND, started, type Bench } from './bench.ts';

const DAY = 24 * HOUR;

const forces = ({ wechat }: Pick<Bench, 'wechat'>): number =>
  wechat.calls.filter(({ force }) => force).length;

t.test(
  'a rejected stable token: another one from a normal call is taken without force',
  async (t) => {
    const made = await started();
    made.wechat.rotate();
    t.equal((await replacement(made, made.first)).generation, 2);
    t.equal(made.wechat.calls.length, 2);
    t.equal(forces(made), 0);
  },
);

t.test('a rejected stable token: the same string again costs one force_refresh', async (t) => {
  const made = await started();
  made.wechat.tokens.revoke('kept');
  const asked = Array.from({ length: 1000 }, () => made.manager.rejected(made.first));
  const tokens = (await made.clock.until(Promise.all(asked))) as Token[];
  t.equal(new Set(tokens).size, 1);
  t.ok(made.wechat.accepts(tokens[0]!));
  t.equal(tokens[0]!.generation, 2);
  const [, ...after] = made.wechat.calls.map(({ force }) => force);
  t.equal(after[0], false, 'asked in normal mode first');
  t.equal(forces(made), 1);
  t.equal(after.at(-1), true);
});

t.test(
  'forces are 30 s apart: what is rejected sooner is not replayed, and nothing fails',
  async (t) => {
    const made = await started();
    const { clock, manager, wechat } = made;
    wechat.tokens.revoke('kept');
    const second = await replacement(made, made.first);
    manager.replayed(second, 'ok');
    wechat.tokens.revoke('kept');
    await clock.advance(10 * SECOND);
    t.type(await clock.until(manager.rejected(second)), 'string');
    t.equal(forces(made), 1);
    t.equal(manager.get(), manager.usable, 'what there is goes on being served');
    t.equal(manager.usable?.value, second.value);
    await clock.advance(MINUTE);
    t.equal((await replacement(made, second)).generation, 3);
    const [one, two] = wechat.calls.filter(({ force }) => force);
    t.ok(two!.atMs - one!.atMs >= 30 * SECOND);
  },
);

t.test('no more than 18 forces are spent in a day, whatever is rejected', async (t) => {
  const made = await started({ rules: { lifetimeMs: 3 * DAY } });
  const { clock, manager, wechat } = made;
  const startedMs = clock.monotonic();
  let token = made.first;
  for (let at = 0; at < DAY; at += 5 * MINUTE) {
    wechat.tokens.revoke('kept');
    const other = await clock.until(manager.rejected(token));
    if (typeof other !== 'string') {
      manager.replayed(other, 'ok');
      token = other;
    }
    await clock.advance(startedMs + at + 5 * MINUTE - clock.monotonic());
  }
  t.equal(forces(made), 18);
  t.equal(await made.count('token_force_refreshes_total'), 18, 'and that many are counted');
  t.ok(wechat.calls.length < 1000, `${wechat.calls.length} calls in all`);
  await clock.advance(DAY);
  t.type(await clock.until(manager.rejected(manager.usable!)), 'object', 'tomorrow there is one');
});

t.test('a spent budget does not keep an expired token from being renewed', async (t) => {
  const made = await started({ rules: { lifetimeMs: 2 * MINUTE, overlapMs: 0 } });
  const { clock, manager, wechat } = made;
  wechat.tokens.revoke('kept');
  const second = await replacement(made, made.first);
  manager.replayed(second, 'ok');
  await clock.advance(29 * SECOND);
  wechat.tokens.revoke('kept');
  await clock.until(manager.rejected(second));
  t.equal(forces(made), 1, 'no second one within 30 s');
  // The wall clock is set forward: the token counts as expired although the call came to nothing.
  clock.setWall(2 * MINUTE);
  t.equal(manager.usable, undefined);
  const token = await clock.until(Promise.resolve(manager.get()));
  t.ok(token, 'callers are not turned away: WeChat answers, it just cannot give another token');
});

t.test('the same string even after force_refresh is no replacement', async (t) => {
  const made = await started({ rules: { forcePerDay: 0 } });
  const { clock, manager, wechat } = made;
  wechat.tokens.revoke('kept');
  t.type(await clock.until(manager.rejected(made.first)), 'string');
  t.equal(forces(made), 1);
  const calls = wechat.calls.length;
  const again = await clock.until(
    Promise.all(Array.from({ length: 100 }, () => manager.rejected(made.first))),
  );
  t.ok(again.every((answer) => typeof answer === 'string'));
  t.equal(wechat.calls.length, calls, 'and asking again at once changes nothing');
});

t.test(
  'how long nothing is asked after "the same string" doubles, until there is another',
  async (t) => {
    const made = await started({ rules: { forcePerDay: 0 } });
    const { clock, manager, wechat } = made;
    wechat.tokens.revoke('kept');
    const silences: number[] = [];
    const untilAsked = async (): Promise<void> => {
      const { length } = wechat.calls;
      const fromMs = clock.monotonic();
      while (wechat.calls.length === length) {
        await clock.advance(SECOND);
        await clock.until(manager.rejected(made.first));
      }
      silences.push(Math.round((clock.monotonic() - fromMs) / SECOND));
    };
    await clock.until(manager.rejected(made.first));
    for (let i = 0; i < 6; i++) await untilAsked();
    t.strictSame(silences, [30, 60, 120, 240, 480, 900]);

    wechat.rotate();
    await clock.advance(15 * MINUTE);
    const second = await replacement(made, made.first);
    wechat.tokens.revoke('kept');
    await clock.advance(MINUTE);
    t.equal(await clock.until(manager.rejected(second)), 'cooldown');
    const { length } = wechat.calls;
    await clock.advance(30 * SECOND);
    await clock.until(manager.rejected(second));
    t.ok(wechat.calls.length > length, 'from the beginning again');
  },
);
