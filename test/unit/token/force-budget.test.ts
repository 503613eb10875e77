import t from 'tap';
import { FORCE_BUDGET, mayForce } from '../../../src/token/force-budget.ts';

t.test('a force is spent 18 times a day at most, and 30 s apart', (t) => {
  const now = 1_800_000_000_000;
  const { apartMs, dayMs, perDay } = FORCE_BUDGET;
  t.strictSame({ ...FORCE_BUDGET }, { perDay: 18, apartMs: 30_000, dayMs: 86_400_000 });
  t.equal(mayForce([], now), true);
  t.equal(mayForce([now - apartMs + 1], now), false);
  t.equal(mayForce([now - apartMs], now), true);
  const spread = (count: number, lastAt: number): number[] =>
    Array.from({ length: count }, (_, i) => lastAt - (count - 1 - i) * apartMs);
  t.equal(mayForce(spread(perDay - 1, now - apartMs), now), true);
  t.equal(mayForce(spread(perDay, now - apartMs), now), false);
  t.equal(mayForce(spread(perDay, now - dayMs), now), true, 'the next day');
  t.equal(mayForce([now - dayMs + 1, ...spread(perDay - 1, now - apartMs)], now), false);
  t.end();
});

t.test('a wall clock that was set back does not forbid forcing for hours', (t) => {
  const now = 1_800_000_000_000;
  const hour = 3_600_000;
  t.equal(mayForce([now + 5 * hour], now), true, 'spent "in five hours"');
  t.equal(
    mayForce(
      Array.from({ length: 18 }, () => now + 5 * hour),
      now,
    ),
    false,
    'but it counts',
  );
  t.end();
});
