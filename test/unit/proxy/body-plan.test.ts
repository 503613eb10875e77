import t from 'tap';
import { planBody, type BodyFacts, type BodyPlan } from '../../../src/proxy/body.ts';

type Row = readonly [what: string, facts: Partial<BodyFacts>, plan: BodyPlan];

const FITS: BodyFacts = { contentLength: 50, wanted: true, freeBytes: 1000, limitBytes: 100 };

const ROWS: readonly Row[] = [
  ['none', { contentLength: 0 }, 'none'],
  ['none, and none wanted', { contentLength: 0, wanted: false }, 'none'],
  ['none, and no memory', { contentLength: 0, freeBytes: 0 }, 'none'],
  ['small', {}, 'hold'],
  ['one byte', { contentLength: 1 }, 'hold'],
  ['as large as is held', { contentLength: 100 }, 'hold'],
  ['a byte larger', { contentLength: 101 }, 'stream:too_large'],
  ['much larger', { contentLength: 2 ** 40 }, 'stream:too_large'],
  ['the last free byte', { contentLength: 50, freeBytes: 50 }, 'hold'],
  ['a byte too many', { contentLength: 50, freeBytes: 49 }, 'stream:memory'],
  ['no memory at all', { freeBytes: 0 }, 'stream:memory'],
  ['less than none', { freeBytes: -1 }, 'stream:memory'],
  ['too large and no memory', { contentLength: 101, freeBytes: 0 }, 'stream:too_large'],
  ['not wanted', { wanted: false }, 'stream'],
  ['not wanted and large', { wanted: false, contentLength: 2 ** 40 }, 'stream'],
  ['not wanted and no memory', { wanted: false, freeBytes: 0 }, 'stream'],
  // WeChat answers an empty 412 to what has no length: it must be held, wanted or not.
  ['chunked', { contentLength: undefined }, 'hold'],
  ['chunked and not wanted', { contentLength: undefined, wanted: false }, 'hold'],
  ['chunked and no memory', { contentLength: undefined, freeBytes: 0 }, 'hold'],
];

t.test('a body is held where it may be sent again and fits, streamed where not', (t) => {
  for (const [what, facts, plan] of ROWS) t.equal(planBody({ ...FITS, ...facts }), plan, what);
  t.end();
});
