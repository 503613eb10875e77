import t from 'tap';
import { replacement, started } from './bench.ts';

// A store that was flushed counts generations from one again: they repeat, values do not.

t.test('a rejection is about the value, whatever generation it was counted as', async (t) => {
  const bench = await started();
  const { first, manager, wechat, clock } = bench;
  wechat.rotate();
  const other = await replacement(bench, { ...first, generation: first.generation + 4 });
  t.not(other.value, first.value, 'it is not given back');
  t.ok(wechat.accepts(other));
  t.equal(await clock.until(manager.rejected(first)), other, 'and now it is an old one');
});

t.test('another token of the same generation is not the current one', async (t) => {
  const { first, manager, wechat, clock } = await started();
  const stranger = { ...first, value: 'of-another-replica' };
  t.equal(await clock.until(manager.rejected(stranger)), first);
  t.equal(wechat.calls.length, 1, 'its rejection costs no fetch');
});
