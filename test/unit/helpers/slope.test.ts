import t from 'tap';
import { Random } from '../../conformance/fuzz-random.ts';
import { fitSlope, grows, type Sample } from '../../helpers/slope.ts';

const TOLERATED = 8;

function series(count: number, value: (i: number) => number): Sample[] {
  return Array.from({ length: count }, (_, i) => ({ atMs: i * 1000, value: value(i) }));
}

/** About normal, deviation 1. */
function noise(random: Random): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random.next();
  return sum;
}

t.test('a straight line is found exactly', (t) => {
  const fit = fitSlope(series(11, (i) => 100 + 3 * i));
  for (const value of [fit.growth, fit.low, fit.high]) t.ok(Math.abs(value - 30) < 1e-9);
  t.equal(fit.samples, 11);
  t.end();
});

t.test('a leak under noise is found, whatever the seed', (t) => {
  for (let seed = 0; seed < 50; seed++) {
    const random = new Random(seed);
    const fit = fitSlope(series(60, (i) => 100 + 0.3 * i + 3 * noise(random)));
    t.ok(grows(fit, TOLERATED), `seed ${seed}: ${fit.growth}, at least ${fit.low}`);
  }
  t.end();
});

t.test(
  'what is flat is not taken for a leak: noise, a saw, a drifting walk, a falling line',
  (t) => {
    for (let seed = 0; seed < 50; seed++) {
      const random = new Random(seed);
      let walk = 0;
      const flat = {
        noise: series(60, () => 100 + 4 * noise(random)),
        saw: series(60, (i) => 100 + (i % 17) * 3),
        walk: series(60, () => (walk = 0.95 * walk + noise(random))),
        falling: series(60, (i) => 100 - i + noise(random)),
      };
      for (const [what, samples] of Object.entries(flat)) {
        t.notOk(grows(fitSlope(samples), TOLERATED), `${what}, seed ${seed}`);
      }
    }
    t.end();
  },
);

t.test('the interval holds the truth about 19 times in 20', (t) => {
  const random = new Random(1);
  let held = 0;
  for (let run = 0; run < 400; run++) {
    const { low, high } = fitSlope(series(40, (i) => 0.1 * i + noise(random)));
    if (low <= 3.9 && 3.9 <= high) held++;
  }
  t.ok(held > 360 && held < 400, `${held} of 400`);
  t.end();
});

t.test('small growth, however sure, is tolerated', (t) => {
  t.notOk(grows(fitSlope(series(60, (i) => 100 + 0.05 * i)), TOLERATED));
  t.end();
});

t.test('what has no slope is refused', (t) => {
  t.throws(() => fitSlope(series(3, () => 1)), RangeError);
  t.throws(() => fitSlope([1, 2, 3, 4].map((value) => ({ atMs: 5, value }))), RangeError);
  t.end();
});
