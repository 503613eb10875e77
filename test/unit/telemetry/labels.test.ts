import t from 'tap';
import { errcodeLabel } from '../../../src/telemetry/labels.ts';

t.test('errcodes become labels of a closed set', (t) => {
  const labels = new Set<string>();
  for (let errcode = -10; errcode < 100_000; errcode++) labels.add(errcodeLabel(errcode));
  t.ok(labels.size < 64, `${labels.size} labels`);
  t.ok(labels.has('other'));
  for (const errcode of [-1, 40001, 40014, 42001, 45009, 45011, 48001]) {
    t.equal(errcodeLabel(errcode), String(errcode));
  }
  for (const errcode of [1, 12345, 9_999_999]) t.equal(errcodeLabel(errcode), 'other');
  t.end();
});
