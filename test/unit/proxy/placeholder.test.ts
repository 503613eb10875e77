import { writeFileSync } from 'node:fs';
import t from 'tap';
import { findPlaceholder, Placeholders } from '../../../src/proxy/placeholder.ts';
import { Secret } from '../../../src/telemetry/secret.ts';
import { bytesInUse } from './heap.ts';

const APPID = 'wx0123456789abcdef';
const KEY = 'correct horse battery staple';

/** The shortest, the longest and the usual. */
const APPIDS = [APPID, 'gh01', 'a1'.repeat(32)];

t.test('a placeholder is what SDKs take for a token', (t) => {
  for (const key of [undefined, Secret.of(KEY)]) {
    for (const appid of APPIDS) {
      const placeholder = new Placeholders(key).for(appid);
      t.match(placeholder, /^[A-Za-z0-9_-]{33,512}$/, appid);
      t.notMatch(placeholder, KEY);
      t.equal(encodeURIComponent(placeholder), placeholder, 'needs no encoding');
    }
  }
  t.end();
});

t.test(
  'it is made from the appid and the key alone: a restart or another replica changes nothing',
  (t) => {
    const made = new Placeholders(Secret.of(KEY)).for(APPID);
    t.equal(
      made,
      'wxp-wx0123456789abcdef-OkVK7x3Humz8MKfl_dmdQWwOCP8bmpDpRKGf-0W54Ac',
      'and so in every version',
    );
    t.equal(new Placeholders(Secret.of(KEY)).for(APPID), made);
    const file = `${t.testdir({ key: `${KEY}\n` })}/key`;
    t.equal(new Placeholders(Secret.fromFile(file)).for(APPID), made);
    t.end();
  },
);

t.test('another key, or another appid, makes another proof', (t) => {
  const keys = [undefined, Secret.of(KEY), Secret.of(`${KEY}x`), Secret.of(KEY.toUpperCase())];
  const proofs = new Set<string>();
  for (const key of keys) {
    for (const appid of APPIDS) proofs.add(new Placeholders(key).for(appid).slice(-43));
  }
  t.equal(proofs.size, keys.length * APPIDS.length);
  t.end();
});

t.test('a key file that changes makes new placeholders, and the old ones prove nothing', (t) => {
  const file = `${t.testdir({ key: KEY })}/key`;
  let now = 0;
  const placeholders = new Placeholders(Secret.fromFile(file, { now: () => now }));
  const before = placeholders.for(APPID);
  writeFileSync(file, 'another key, and longer');
  now += 1000;
  const after = placeholders.for(APPID);
  t.not(after, before);
  t.notOk(placeholders.isGenuine({ appid: APPID, value: before }));
  t.ok(placeholders.isGenuine({ appid: APPID, value: after }));
  t.end();
});

t.test('only the very placeholder of an account proves the key', (t) => {
  const placeholders = new Placeholders(Secret.of(KEY));
  const value = placeholders.for(APPID);
  t.ok(placeholders.isGenuine({ appid: APPID, value }));
  t.ok(new Placeholders(Secret.of(KEY)).isGenuine({ appid: APPID, value }), 'before it was made');
  const forged = [
    '',
    value.slice(0, -1),
    `${value}A`,
    `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`,
    value.toLowerCase(),
    new Placeholders(Secret.of('guess')).for(APPID),
    new Placeholders(undefined).for(APPID),
    placeholders.for('wxffffffffffffffff'),
    `wxp-${APPID}-${placeholders.for('wxffffffffffffffff').slice(-43)}`,
  ];
  for (const wrong of forged)
    t.notOk(placeholders.isGenuine({ appid: APPID, value: wrong }), wrong);
  t.end();
});

t.test('invented appids leave nothing behind', (t) => {
  const placeholders = new Placeholders(Secret.of(KEY));
  const before = bytesInUse();
  for (let i = 0; i < 20_000; i++) {
    const appid = `wx${i.toString(16).padStart(16, '0')}`;
    placeholders.isGenuine({ appid, value: `wxp-${appid}-${'x'.repeat(43)}` });
  }
  const kept = bytesInUse() - before;
  // 20,000 placeholders with their appids would be about 4 MiB.
  t.ok(kept < 3 * 1024 * 1024, `${kept} bytes`);
  t.ok(placeholders.isGenuine({ appid: APPID, value: placeholders.for(APPID) }));
  t.end();
});

t.test('a placeholder is found in whatever an SDK makes of it', (t) => {
  const value = new Placeholders(Secret.of(KEY)).for(APPID);
  const rows: readonly string[] = [
    value,
    `n=${value}`,
    `${value}=`,
    `n%3D${value}%26x`,
    `"${value}"`,
    `%22${value}%22`,
    `[object Object]${value}`,
    `wxp-${value}`,
    `wxp-x-${value}`,
    `Bearer ${value}`,
    `${value}${value}`,
    `${value}&type=image`,
    `${value}_suffix`,
  ];
  for (const mangled of rows)
    t.strictSame(findPlaceholder(mangled), { appid: APPID, value }, mangled);
  t.end();
});

t.test('what is no placeholder is not taken for one', (t) => {
  const value = new Placeholders(Secret.of(KEY)).for(APPID);
  const rows = [
    '',
    'x',
    `90_${'a'.repeat(133)}`,
    value.slice(0, -1),
    value.slice(1),
    value.replace('wxp', 'WXP'),
    value.replaceAll('-', '_'),
    `wxp-abc-${'x'.repeat(43)}`,
    `wxp-${'a'.repeat(65)}-${'x'.repeat(43)}`,
    `wxp--${'x'.repeat(43)}`,
    `wxp-wx%30-${'x'.repeat(43)}`,
  ];
  for (const other of rows) t.equal(findPlaceholder(other), undefined, other);
  t.end();
});

t.test('looking for one in 16 KiB of anything is quick', (t) => {
  for (const filler of ['w', 'wxp-', 'wxp-aaaa-', `wxp-${'a'.repeat(64)}`]) {
    const text = filler.repeat(Math.ceil(16_384 / filler.length));
    const startedMs = performance.now();
    findPlaceholder(text);
    t.ok(performance.now() - startedMs < 1000, filler.slice(0, 12));
  }
  t.end();
});
