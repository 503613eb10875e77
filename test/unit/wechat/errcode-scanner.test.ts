import t from 'tap';
import { errcodeAtSight, ErrcodeScanner } from '../../../src/wechat/errcode-scanner.ts';
import { generatedAnswer } from './answers.ts';
import { Seeded } from './seeded.ts';

/** Decoded bytes that are looked at. */
const LIMIT = 4096;

type Row = readonly [what: string, answer: string | Buffer, errcode?: number];

const ERRORS: readonly Row[] = [
  ['as documented', '{"errcode":40001,"errmsg":"invalid credential"}', 40001],
  ['a success', '{"errcode":0,"errmsg":"ok"}', 0],
  ['busy', '{"errcode":-1,"errmsg":"system error"}', -1],
  ['not the first key', '{"errmsg":"access_token expired rid: 1-2-3","errcode":42001}', 42001],
  ['between others', '{"a":1,"errcode":40014,"b":2}', 40014],
  ['alone', '{"errcode":40001}', 40001],
  ['behind a nested object', '{"data":{"errcode":0},"errcode":40001}', 40001],
  ['behind a nested list', '{"data":[1,[{"errcode":0}],"]"],"errcode":40001}', 40001],
  ['behind every kind of literal', '{"a":true,"b":null,"c":-1.5E+9,"errcode":40001}', 40001],
  ['as a string', '{"errcode":"40001","errmsg":""}', 40001],
  ['as a negative string', '{"errcode":"-1"}', -1],
  ['zero as a string', '{"errcode":"0"}', 0],
  ['an escaped key', String.raw`{"\u0065rrcode":40001}`, 40001],
  ['an escaped key in capitals', String.raw`{"e\u0072\u0072code":40001}`, 40001],
  ['a byte order mark', '\uFEFF{"errcode":40001}', 40001],
  ['white space before', ' \r\n\t{"errcode":40001}', 40001],
  ['white space everywhere', '{ "errcode"\n:\t40001 \r}', 40001],
  ['a mark and white space', '\uFEFF \n{"errcode":40001}', 40001],
  ['a raw line break in a string', '{"errmsg":"two\nlines","errcode":40001}', 40001],
  ['a raw NUL in a string', '{"errmsg":"\0\x01\x1f","errcode":40001}', 40001],
  ['a raw line break in a nested string', '{"d":{"m":"\n"},"errcode":40001}', 40001],
  ['a raw control character in a key', '{"a\tb":1,"errcode":40001}', 40001],
  ['an integer beyond 2^53 elsewhere', '{"id":9007199254740993999,"errcode":40001}', 40001],
  ['a nested integer beyond 2^53', '{"id":[18446744073709551615],"errcode":40001}', 40001],
  ['an escaped quote before', String.raw`{"m":"\"errcode\":1,","errcode":40001}`, 40001],
  ['an escaped backslash before', String.raw`{"m":"\\","errcode":40001}`, 40001],
  ['bytes that are no UTF-8', Buffer.from('{"m":"\xff\xfe","errcode":40001}', 'latin1'), 40001],
  ['something behind the object', '{"errcode":40001}\n<!-- x -->', 40001],
  ['cut behind the code', '{"errcode":40001,', 40001],
];

const NO_ERRORS: readonly Row[] = [
  ['nothing', ''],
  ['no such key', '{"access_token":"x","expires_in":7200}'],
  ['an empty object', '{}'],
  ['nested in an object', '{"data":{"errcode":40001}}'],
  ['nested in a list', '{"list":[{"errcode":40001}]}'],
  ['deeply nested', '{"a":[[{"b":[{"errcode":40001}]}]]}'],
  ['in a string', String.raw`{"errmsg":"\"errcode\":40001"}`],
  ['in JSON in a string', String.raw`{"resp":"{\"errcode\":40001}"}`],
  ['in a list at the top', '[{"errcode":40001}]'],
  ['a string at the top', '"errcode"'],
  ['in other letters', '{"ErrCode":40001}'],
  ['with a blank in its name', '{"errcode ":40001}'],
  ['with an escaped backslash in its name', String.raw`{"err\\u0063ode":40001}`],
  ['a name that is no JSON', String.raw`{"err\code":40001}`],
  ['null', '{"errcode":null}'],
  ['true', '{"errcode":true}'],
  ['an empty string', '{"errcode":""}'],
  ['words', '{"errcode":"busy"}'],
  ['a fraction', '{"errcode":40001.5}'],
  ['a power', '{"errcode":4e4}'],
  ['a minus alone', '{"errcode":-}'],
  ['two of them', '{"errcode":4-1}'],
  ['a plus', '{"errcode":+40001}'],
  ['an object', '{"errcode":{"code":40001}}'],
  ['a list', '{"errcode":[40001]}'],
  ['an integer beyond 2^53', '{"errcode":9007199254740993}'],
  ['a string that goes on', '{"errcode":"40001 "}'],
  ['cut in the code', '{"errcode":40001'],
  ['cut in the string', '{"errcode":"40001'],
  ['a colon missing', '{"errcode" 40001}'],
  ['a key without quotes', '{errcode:40001}'],
  ['a key in single quotes', "{'errcode':40001}"],
  ['HTML', '<html>{"errcode":40001}</html>'],
  ['a callback', 'callback({"errcode":40001})'],
  ['a JPEG', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
  ['binary that begins with a brace', Buffer.from([0x7b, 0x00, 0x22, 0x01, 0xff])],
  ['binary behind a brace and a quote', Buffer.concat([Buffer.from('{"'), Buffer.alloc(64)])],
  ['rich text', String.raw`{\rtf1\ansi "errcode":40001}`],
  ['binary behind a key', Buffer.from('{"a":\x00\x00,"errcode":40001}')],
  ['binary in a nested value', Buffer.from('{"a":[\x00],"errcode":40001}')],
  ['a comma too many', '{"a":1,,"errcode":40001}'],
  ['half a byte order mark and text', Buffer.from([0xef, 0xbb, 0x61])],
];

t.test('the top-level errcode is found wherever and however it is written', (t) => {
  for (const [what, answer, errcode] of ERRORS) {
    const scanner = scan([bytesOf(answer)]);
    t.equal(scanner.errcode, errcode, what);
    t.ok(scanner.decided, `${what}: decided`);
  }
  t.end();
});

t.test('what is not a top-level errcode is none', (t) => {
  for (const [what, answer] of NO_ERRORS) t.equal(scan([bytesOf(answer)]).errcode, undefined, what);
  t.end();
});

t.test('one byte at a time is the same as all at once', (t) => {
  for (const [what, answer] of [...ERRORS, ...NO_ERRORS]) {
    const bytes = bytesOf(answer);
    const whole = scan([bytes]);
    const bitwise = scan(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)));
    t.equal(bitwise.errcode, whole.errcode, what);
    t.equal(bitwise.decided, whole.decided, `${what}: decided`);
  }
  t.end();
});

t.test('of any JSON object, in any pieces, it finds what JSON.parse finds', (t) => {
  for (let seed = 1; seed <= 3000; seed++) {
    const random = new Seeded(seed);
    const { text, errcode } = generatedAnswer(random);
    const parsed = JSON.parse(text.replace(/^\uFEFF/, '')) as { errcode?: number | string };
    if (parsed.errcode !== undefined) parsed.errcode = Number(parsed.errcode);
    const found = scan(random.pieces(Buffer.from(text))).errcode;
    if (found === errcode && found === parsed.errcode) continue;
    t.fail(`seed ${seed}`, { text, found, errcode, parsed });
  }
  t.pass('3000 objects');
  t.end();
});

t.test('one look at a whole answer tells nothing else, and is enough for most', (t) => {
  t.equal(errcodeAtSight('{"errcode":0,"errmsg":"ok"}'), 0);
  t.equal(errcodeAtSight('{"errcode":-1}'), -1);
  t.equal(errcodeAtSight('{"ip_list":["127.0.0.1"]}'), 'none');
  t.equal(errcodeAtSight('{"a":{"errcode":40001}}'), undefined, 'it must be scanned');
  for (let seed = 1; seed <= 800; seed++) {
    const { text, errcode } = generatedAnswer(new Seeded(seed));
    const seen = errcodeAtSight(text);
    if (seen === undefined || (seen === 'none' ? undefined : seen) === errcode) continue;
    t.fail(`seed ${seed}`, { text, errcode, seen });
  }
  t.end();
});

t.test('of any bytes, the pieces they come in change nothing', (t) => {
  const alphabet = Buffer.from('{}[]:,"\\ \n0-9etfu\x00\xef\xbb\xbf\xff', 'latin1');
  for (let seed = 1; seed <= 3000; seed++) {
    const random = new Seeded(seed);
    const { text } = generatedAnswer(random);
    const bytes = Buffer.from(text);
    for (let i = random.below(4); i > 0; i--)
      bytes[random.below(bytes.length)] = random.of(alphabet);
    const whole = scan([bytes]);
    const pieces = scan(random.pieces(bytes));
    if (whole.errcode === pieces.errcode && whole.sawNested === pieces.sawNested) continue;
    t.fail(`seed ${seed}`, { bytes: bytes.toString('latin1') });
  }
  t.pass('3000 answers');
  t.end();
});

t.test('an answer is decided as soon as nothing that follows can change it', (t) => {
  const rows: readonly (readonly [answer: string, decidedAfter: number])[] = [
    ['<html>', 1],
    ['[1]', 1],
    ['{}', 2],
    ['{"errcode":40001,"errmsg":"', 17],
    ['{"errcode":"0","x":', 14],
    ['{"errcode":0}', 13],
    ['{"errcode":true', 12],
    ['{"a":1}', 7],
    ['{"a":?', 6],
  ];
  for (const [answer, decidedAfter] of rows) {
    const scanner = new ErrcodeScanner();
    for (const [i, byte] of Buffer.from(answer).entries()) {
      const decided = scanner.push(Buffer.of(byte));
      t.equal(decided, i + 1 >= decidedAfter, answer.slice(0, i + 1));
      t.equal(scanner.decided, decided);
    }
  }
  t.end();
});

t.test('an errcode behind the limit is not looked for, one before it is found', (t) => {
  const end = '"errcode":40001}';
  const answer = (length: number): Buffer =>
    Buffer.from(`{"a":"${' '.repeat(length - end.length - 8)}",${end}`);
  t.equal(answer(LIMIT).length, LIMIT);
  t.equal(scan([answer(LIMIT)]).errcode, 40001);
  for (const pieces of [(b: Buffer) => [b], (b: Buffer) => new Seeded(1).pieces(b)]) {
    const scanner = new ErrcodeScanner();
    for (const piece of pieces(answer(LIMIT + 1))) scanner.push(piece);
    t.ok(scanner.decided);
    t.equal(scanner.errcode, undefined);
  }
  t.end();
});

t.test('endless openings of an answer end at the limit', (t) => {
  for (const opening of [
    ' ',
    '{"',
    '{"a":"',
    '{"a":',
    '{"a":1',
    '{"a":[[',
    '{"errcode":',
    '{"a":"\\',
  ]) {
    const scanner = new ErrcodeScanner();
    scanner.push(Buffer.from(opening));
    const filler = Buffer.alloc(1024, opening.endsWith('[') ? '[' : ' ');
    for (let i = 0; i < 5; i++) scanner.push(filler);
    t.ok(scanner.decided, opening);
    t.equal(scanner.errcode, undefined);
  }
  t.end();
});

t.test('what comes after the decision is not looked at', (t) => {
  const scanner = scan([Buffer.from('{"a":1}')]);
  scanner.push(Buffer.from('{"errcode":40001}'));
  t.equal(scanner.errcode, undefined);
  const found = scan([Buffer.from('{"errcode":40001,"errcode":0}')]);
  t.equal(found.errcode, 40001, 'the first of two');
  t.end();
});

t.test('a nested value tells data from an error', (t) => {
  const rows: readonly (readonly [string, boolean])[] = [
    ['{"errcode":40001,"data":{}}', false],
    ['{"item":[', true],
    ['{"item":{', true],
    ['{"item":"[', false],
    ['{"item":1', false],
  ];
  for (const [answer, nested] of rows)
    t.equal(scan([Buffer.from(answer)]).sawNested, nested, answer);
  t.end();
});

function scan(pieces: readonly Buffer[]): ErrcodeScanner {
  const scanner = new ErrcodeScanner();
  for (const piece of pieces) scanner.push(piece);
  if (!scanner.decided) scanner.end();
  return scanner;
}

function bytesOf(answer: string | Buffer): Buffer {
  return typeof answer === 'string' ? Buffer.from(answer) : answer;
}
