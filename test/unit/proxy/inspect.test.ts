import t from 'tap';
import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateRawSync,
  deflateSync,
  gzipSync,
} from 'node:zlib';
import { Inspector } from '../../../src/proxy/inspect.ts';
import { generatedAnswer } from '../wechat/answers.ts';
import { Seeded } from '../wechat/seeded.ts';

const ERROR = Buffer.from('{"errcode":40001,"errmsg":"invalid credential rid: 1-2-3"}');

type Encode = (bytes: Buffer) => Buffer;

const CODINGS: readonly (readonly [what: string, coding: string, encode: Encode])[] = [
  ['none', 'identity', (bytes) => bytes],
  ['gzip', 'gzip', (bytes) => gzipSync(bytes)],
  ['x-gzip', 'x-gzip', (bytes) => gzipSync(bytes)],
  ['gzip with a file name', 'gzip', named],
  ['gzip that compresses nothing', 'gzip', (bytes) => gzipSync(bytes, { level: 0 })],
  ['deflate as zlib', 'deflate', (bytes) => deflateSync(bytes)],
  ['deflate as zlib, best', 'deflate', (bytes) => deflateSync(bytes, { level: 9 })],
  ['deflate as zlib, small window', 'deflate', (bytes) => deflateSync(bytes, { windowBits: 9 })],
  ['deflate, raw', 'deflate', (bytes) => deflateRawSync(bytes)],
  ['deflate, raw and stored', 'deflate', (bytes) => deflateRawSync(bytes, { level: 0 })],
  ['br', 'br', (bytes) => brotliCompressSync(bytes, quality(5))],
  ['br that compresses nothing', 'br', (bytes) => brotliCompressSync(bytes, quality(0))],
];

t.test('an error is found through every coding, whole or a byte at a time', (t) => {
  for (const [what, coding, encode] of CODINGS) {
    const bytes = encode(ERROR);
    for (const pieces of [[bytes], bytewise(bytes)]) {
      const inspector = inspect(coding, pieces);
      t.equal(inspector.errcode, 40001, `${what}, ${pieces.length} pieces`);
      t.ok(inspector.decided);
    }
  }
  t.end();
});

t.test('of any JSON object, whole, coded or in pieces, it finds what JSON.parse finds', (t) => {
  for (let seed = 1; seed <= 800; seed++) {
    const random = new Seeded(seed);
    const { text } = generatedAnswer(random);
    const parsed = JSON.parse(text.replace(/^\uFEFF/, '')) as { errcode?: number | string };
    const errcode = parsed.errcode === undefined ? undefined : Number(parsed.errcode);
    const bytes = Buffer.from(text);
    const [what, coding, encode] = random.of(CODINGS);
    const coded = encode(bytes);
    const found = [
      inspect('identity', [bytes]).errcode,
      inspect('identity', random.pieces(bytes)).errcode,
      inspect(coding, [coded]).errcode,
      inspect(coding, random.pieces(coded)).errcode,
    ];
    if (found.every((one) => one === errcode)) continue;
    t.fail(`seed ${seed}`, { text, what, errcode, found });
  }
  t.pass('800 objects');
  t.end();
});

t.test('the shortcuts for a whole answer never differ from reading it in pieces', (t) => {
  const alphabet = Buffer.from('{}[]:,"\\u \n0-9e\x00\x0b\x0c\xef\xbb\xbf\xff', 'latin1');
  for (let seed = 1; seed <= 2000; seed++) {
    const random = new Seeded(seed);
    const bytes = Buffer.from(generatedAnswer(random).text);
    for (let i = random.below(4); i > 0; i--) {
      bytes[random.chance(50) ? random.below(4) % bytes.length : random.below(bytes.length)] =
        random.of(alphabet);
    }
    const whole = inspect('identity', [bytes]).errcode;
    const pieces = inspect('identity', random.pieces(bytes)).errcode;
    if (whole !== pieces) t.fail(`seed ${seed}`, { bytes: bytes.toString('latin1') });
  }
  t.pass('2000 answers');
  t.end();
});

t.test('data is passed on at its first byte', (t) => {
  for (const first of [0xff, 0x89, 0x00, 0x47, 0x3c, 0x5b, 0x22, 0x31, 0x1f, 0x52]) {
    const inspector = new Inspector('identity');
    inspector.push(Buffer.of(first), false);
    t.ok(inspector.decided, `0x${first.toString(16)}`);
    t.equal(inspector.errcode, undefined);
  }
  for (const first of [0x7b, 0x20, 0x0a, 0x0d, 0x09, 0xef]) {
    const inspector = new Inspector('identity');
    inspector.push(Buffer.of(first), false);
    t.notOk(inspector.decided, `0x${first.toString(16)} may begin an error`);
  }
  t.end();
});

t.test('data in a coding is passed on as soon as its first bytes can be read', (t) => {
  const image = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(5000, 'jpeg')]);
  for (const [what, coding, encode] of CODINGS) {
    const bytes = encode(image);
    const inspector = new Inspector(coding);
    let pushed = 0;
    for (const piece of bytewise(bytes)) {
      if (inspector.decided) break;
      inspector.push(piece, false);
      pushed++;
    }
    t.ok(inspector.decided, `${what}: ${pushed} of ${bytes.length} bytes`);
    t.equal(inspector.errcode, undefined);
  }
  t.end();
});

t.test('what is not coded as it says is data, and what is cut is not waited for', (t) => {
  const gzip = gzipSync(ERROR);
  const corrupt = Buffer.from(gzip);
  corrupt.fill(0xff, 10, 20);
  const rows: readonly (readonly [what: string, coding: string, bytes: Buffer])[] = [
    ['corrupt', 'gzip', corrupt],
    ['text under gzip', 'gzip', Buffer.from('hello')],
    ['text under br', 'br', Buffer.from('\xff\xff\xff\xff hello', 'latin1')],
    ['text under deflate', 'deflate', Buffer.from('\xff\xff\xff\xff hello', 'latin1')],
    ['another header', 'gzip', Buffer.concat([Buffer.from('PK'), gzip])],
    ['gzip twice', 'gzip', gzipSync(gzip)],
    ['gzip twice, and said so', 'gzip, gzip', gzipSync(gzip)],
    ['a coding nobody knows', 'zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x24])],
  ];
  for (const [what, coding, bytes] of rows) {
    const inspector = inspect(coding, [bytes]);
    t.ok(inspector.decided, what);
    t.equal(inspector.errcode, undefined, what);
  }
  const cut = inspect('gzip', [gzip.subarray(0, 12)]);
  t.notOk(cut.decided);
  cut.end();
  t.ok(cut.decided);
  t.equal(cut.errcode, undefined);
  t.end();
});

t.test('an error under the name of a coding nobody knows is still an error', (t) => {
  for (const coding of ['utf-8', 'none', '', 'constructor', '__proto__', 'aes128gcm']) {
    t.equal(inspect(coding, [ERROR]).errcode, 40001, coding);
  }
  t.end();
});

t.test('the checksum of an error that came whole is the app’s to check', (t) => {
  const gzip = gzipSync(ERROR);
  t.equal(inspect('gzip', [gzip.subarray(0, -8)]).errcode, 40001, 'not there yet');
  t.equal(inspect('gzip', bytewise(gzip.subarray(0, -4))).errcode, 40001, 'half there');
  t.end();
});

t.test('an errcode that a flush has sent is found before the answer is complete', async (t) => {
  const gzip = createGzip();
  const sent: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => sent.push(chunk));
  gzip.write(ERROR.subarray(0, 20));
  await new Promise<void>((resolve) => {
    gzip.flush(constants.Z_SYNC_FLUSH, resolve);
  });
  t.equal(inspect('gzip', [Buffer.concat(sent)]).errcode, 40001);
  gzip.destroy();
});

t.test('what inflates without end is data, and costs little', (t) => {
  const blanks = Buffer.alloc(20 * 1024 * 1024, ' ');
  const bombs: readonly (readonly [string, Buffer])[] = [
    ['gzip', gzipSync(blanks)],
    ['deflate', deflateSync(blanks)],
    ['br', brotliCompressSync(blanks, quality(0))],
  ];
  for (const [coding, bomb] of bombs) {
    for (const pieces of [[bomb], bytewise(bomb.subarray(0, 6000))]) {
      const before = process.memoryUsage().arrayBuffers;
      const inspector = inspect(coding, pieces);
      t.ok(inspector.decided, coding);
      t.equal(inspector.errcode, undefined);
      t.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024, `${coding}: memory`);
    }
  }
  t.end();
});

t.test('a coded answer of which nothing can be read is given up after 4 KiB', (t) => {
  // A gzip file name that does not end: valid so far, and no byte of content.
  const head = Buffer.concat([gzipSync('').subarray(0, 3), Buffer.of(0x08), Buffer.alloc(6)]);
  const inspector = new Inspector('gzip');
  inspector.push(head, false);
  inspector.push(Buffer.alloc(4096 - head.length, 'n'), false);
  t.notOk(inspector.decided);
  inspector.push(Buffer.from('n'), false);
  t.ok(inspector.decided);
  t.end();
});

t.test('a nested value looks like data, until the answer is decided', (t) => {
  for (const [what, coding, encode] of CODINGS) {
    const inspector = new Inspector(coding);
    inspector.push(encode(Buffer.from('{"errmsg":"ok"')), false);
    t.notOk(inspector.looksLikeData, what);
    const nested = new Inspector(coding);
    nested.push(encode(Buffer.from('{"item":[{')), false);
    t.ok(nested.looksLikeData, what);
    nested.end();
    t.notOk(nested.looksLikeData, what);
  }
  t.end();
});

t.test('an empty chunk says nothing', (t) => {
  for (const [what, coding, encode] of CODINGS) {
    const inspector = new Inspector(coding);
    inspector.push(Buffer.alloc(0), false);
    t.notOk(inspector.decided, what);
    inspector.push(encode(ERROR), true);
    t.equal(inspector.errcode, 40001, what);
  }
  t.end();
});

function inspect(coding: string, pieces: readonly Buffer[]): Inspector {
  const inspector = new Inspector(coding);
  for (const [i, piece] of pieces.entries()) inspector.push(piece, i === pieces.length - 1);
  return inspector;
}

function bytewise(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

/** With the optional field that a file on disk would have. */
function named(bytes: Buffer): Buffer {
  const gzip = gzipSync(bytes);
  const head = Buffer.from(gzip.subarray(0, 10));
  head[3] = 0x08;
  return Buffer.concat([head, Buffer.from('answer.json\0'), gzip.subarray(10)]);
}

function quality(level: number): { params: Record<number, number> } {
  return { params: { [constants.BROTLI_PARAM_QUALITY]: level } };
}
