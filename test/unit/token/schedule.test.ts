import t from 'tap';
import {
  backoffMs,
  nextCooldownMs,
  refreshLeadMs,
  unchangedRetryMs,
} from '../../../src/token/schedule.ts';

const ALMOST_ONE = 1 - 2 ** -53;

t.test(
  'a token is renewed in the window, never before half of its life, up to a fifth later',
  (t) => {
    // window, life, earliest and latest lead before expiry
    const table = [
      [300_000, 7_200_000, 300_000, 240_000],
      [300_000, 600_000, 300_000, 240_000],
      [300_000, 599_999, 299_999, 239_999],
      [300_000, 4000, 2000, 1600],
      [300_000, 3, 1, 1],
      [300_000, 1, 0, 0],
      [0, 7_200_000, 0, 0],
      [10_000_000, 7_200_000, 3_600_000, 2_880_000],
    ] as const;
    for (const [windowMs, lifeMs, most, least] of table) {
      const of = (random: number): number => refreshLeadMs(windowMs, lifeMs, random);
      t.equal(of(0), most, `window ${windowMs}, life ${lifeMs}: at most`);
      t.equal(of(ALMOST_ONE), least, `window ${windowMs}, life ${lifeMs}: at least`);
      t.ok(of(0.5) <= most && of(0.5) >= least);
    }
    t.end();
  },
);

t.test('the back-off doubles from a second to a minute, half of it drawn', (t) => {
  const full = [1, 2, 4, 8, 16, 32, 60, 60, 60].map((s) => s * 1000);
  for (const [index, ms] of full.entries()) {
    t.equal(backoffMs(index + 1, 0), ms / 2);
    t.equal(backoffMs(index + 1, 0.5), (ms * 3) / 4);
    t.ok(backoffMs(index + 1, ALMOST_ONE) <= ms);
  }
  for (const failures of [100, 10_000, Number.MAX_SAFE_INTEGER]) {
    t.equal(backoffMs(failures, 0), 30_000, `${failures} failures in a row`);
  }
  t.end();
});

t.test('after "unchanged" it is asked again in 30 s, or within what is left', (t) => {
  const table = [
    [7_200_000, 30_000],
    [300_000, 30_000],
    [120_000, 30_000],
    [60_000, 15_000],
    [4000, 1000],
    [400, 100],
    [1, 100],
  ] as const;
  for (const [remainingMs, retryMs] of table) t.equal(unchangedRetryMs(remainingMs), retryMs);
  t.end();
});

t.test(
  'a cool-down lasts 30 s, then twice as long each time, a quarter of an hour at most',
  (t) => {
    const lengths: number[] = [];
    for (let length = 0, i = 0; i < 8; i++) lengths.push((length = nextCooldownMs(length)));
    t.strictSame(
      lengths.map((ms) => ms / 1000),
      [30, 60, 120, 240, 480, 900, 900, 900],
    );
    t.end();
  },
);
