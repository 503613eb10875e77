import t from 'tap';
import { QuotaMeter } from '../../../src/simulator/quota.ts';

t.test('the daily quota ends in 45009 and begins anew at midnight in Beijing', async (t) => {
  const meter = new QuotaMeter();
  const evening = Date.parse('2026-05-01T15:59:59.999Z');
  t.equal(meter.take(evening, 2, null), 0);
  t.equal(meter.take(evening, 2, null), 0);
  t.equal(meter.take(evening, 2, null), 45009);
  t.equal(meter.take(evening + 1, 2, null), 0);
});

t.test('the quota of a minute ends in 45011 and begins anew with the next minute', async (t) => {
  const meter = new QuotaMeter();
  const end = Date.parse('2026-05-01T04:00:59.999Z');
  t.equal(meter.take(end, null, 1), 0);
  t.equal(meter.take(end, null, 1), 45011);
  t.equal(meter.take(end + 1, null, 1), 0);
});

t.test('a refused call uses nothing up, and clearing begins anew', async (t) => {
  const meter = new QuotaMeter();
  t.equal(meter.take(0, 2, 1), 0);
  t.equal(meter.take(0, 2, 1), 45011);
  t.equal(meter.take(60_000, 2, 1), 0);
  t.equal(meter.take(120_000, 2, 1), 45009);
  meter.clear();
  t.equal(meter.take(120_000, 2, 1), 0);
});

t.test('null is no limit', async (t) => {
  const meter = new QuotaMeter();
  for (let i = 0; i < 5_000; i += 1) if (meter.take(0, null, null) !== 0) t.fail('refused');
});
