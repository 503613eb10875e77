import t from 'tap';
import { HeldBytes } from '../../../src/proxy/held-bytes.ts';
import { Seeded } from '../wechat/seeded.ts';
import { bytesInUse } from './heap.ts';

t.test('in whatever chunks they come, the bytes are the same', (t) => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Seeded(seed);
    const chunks = random.list(300, () => {
      const length = random.of([0, 1, 2, 100, 1023, 1024, 1025, 17_000]);
      return Buffer.alloc(length, random.below(256));
    });
    const held = new HeldBytes();
    for (const chunk of chunks) held.add(chunk);
    const wanted = Buffer.concat(chunks);
    const inPieces = Buffer.concat(held.pieces());
    const isSame = held.whole().equals(wanted) && inPieces.equals(wanted);
    if (held.length === wanted.length && isSame) continue;
    t.fail(`seed ${seed}`, { lengths: chunks.map(({ length }) => length) });
  }
  t.equal(new HeldBytes().whole().length, 0);
  t.pass('200 bodies');
  t.end();
});

t.test('a body of one chunk is that chunk, not a copy', (t) => {
  const held = new HeldBytes();
  const chunk = Buffer.from('{}');
  held.add(chunk);
  t.equal(held.whole(), chunk);
  t.end();
});

t.test('a chunk may be overwritten once it was copied, and no copy overwrites another', (t) => {
  const held = new HeldBytes();
  const wanted: number[] = [];
  const chunk = Buffer.alloc(1);
  for (let i = 0; i < 40_000; i++) {
    // The first ones are kept as they are: Node does not use theirs again.
    const own = i < 64 ? Buffer.alloc(1) : chunk;
    own[0] = i & 0xff;
    wanted.push(i & 0xff);
    held.add(own);
  }
  t.ok(held.whole().equals(Buffer.from(wanted)));
  t.end();
});

t.test('what is held weighs what it counts, also if it comes a byte at a time', (t) => {
  const received = Buffer.alloc(64 * 1024);
  const held = new HeldBytes();
  const before = bytesInUse();
  for (let i = 0; i < 500_000; i++) held.add(received.subarray(i & 0xffff, (i & 0xffff) + 1));
  const weight = bytesInUse() - before;
  t.equal(held.length, 500_000);
  t.ok(weight < 4 * 1024 * 1024, `${weight} bytes`);
  t.end();
});
