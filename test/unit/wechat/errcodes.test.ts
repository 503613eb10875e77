import t from 'tap';
import { isRejection, tokenFailure } from '../../../src/wechat/errcodes.ts';

t.test('only 40001, 40014 and 42001 say that the app token is bad', (t) => {
  for (const errcode of [40001, 40014, 42001]) t.ok(isRejection(errcode), String(errcode));
  const others = [0, -1, 41001, 42002, 42007, 42009, 40030, 40082, 61023, 48001, 45009, 40002];
  for (const errcode of [undefined, ...others]) t.notOk(isRejection(errcode), String(errcode));
  t.end();
});

t.test('a refused token call is told from one that may succeed later', (t) => {
  const refused = [40001, 40002, 40013, 40125, 40164, 40243, 41002, 41004, 50002, 50004];
  for (const errcode of [...refused, 89501, 89503, 89506, 89507]) {
    t.equal(tokenFailure(errcode), 'refused', String(errcode));
  }
  for (const errcode of [45009, 45011]) t.equal(tokenFailure(errcode), 'quota', String(errcode));
  for (const errcode of [-1, 1, 99999]) t.equal(tokenFailure(errcode), 'busy', String(errcode));
  t.end();
});
