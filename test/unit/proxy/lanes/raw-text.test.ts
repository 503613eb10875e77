import t from 'tap';
import { rawText } from '../../../../src/proxy/lanes/raw-text.ts';

const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** In memory of its own, as what a socket read is. */
function read(text: string): Buffer {
  return Buffer.from(new TextEncoder().encode(text).buffer);
}

t.test('the fields of one read, every byte as the character of its number', (t) => {
  const chunk = Buffer.concat([read('GET: '), BYTES, read('\r\nB: ')]);
  const parts = [chunk.subarray(0, 3), chunk.subarray(5, 261), chunk.subarray(263, 264)];
  t.strictSame(rawText([...parts, chunk.subarray(266)]), ['GET', latin1(BYTES), 'B', '']);
  t.strictSame(rawText([BYTES]), [latin1(BYTES)]);
  for (const nothing of [[], null, undefined]) t.strictSame(rawText(nothing), []);
  t.end();
});

t.test('fields of several reads, one of them put together', (t) => {
  const [one, two] = [read('Date: Sun'), read('day\r\nServer: nginx')];
  const parts = [one.subarray(0, 4), Buffer.concat([one.subarray(6), two.subarray(0, 3)])];
  const all = [...parts, two.subarray(5, 11), two.subarray(13)];
  t.strictSame(rawText(all), ['Date', 'Sunday', 'Server', 'nginx']);
  t.strictSame(rawText(all.toReversed()), ['nginx', 'Server', 'Sunday', 'Date']);
  t.end();
});

t.test('fields in one piece of memory, but not in their order', (t) => {
  const slab = read('0123456789abcdef');
  const parts = ([at, to]: readonly [number, number]) => slab.subarray(at, to);
  const orders = [
    [
      [4, 6],
      [0, 2],
      [8, 10],
    ],
    [
      [8, 10],
      [4, 6],
      [0, 2],
    ],
    [
      [4, 6],
      [12, 16],
      [8, 10],
    ],
    [
      [4, 6],
      [8, 12],
      [8, 10],
    ],
  ] as const;
  for (const order of orders) {
    t.strictSame(
      rawText(order.map(parts)),
      order.map(([at, to]) => '0123456789abcdef'.slice(at, to)),
    );
  }
  t.end();
});

function latin1(bytes: Buffer): string {
  return String.fromCharCode(...bytes);
}
