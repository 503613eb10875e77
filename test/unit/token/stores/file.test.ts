import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { fileStore } from '../../../../src/token/stores/file.ts';
import { Patience } from '../../../../src/token/stores/patience.ts';
import { storeBench } from '../../../contract/store-bench.ts';
import { APPID, begun, clock, open, TOKEN, written } from './file-bench.ts';

t.test('what was saved is there after a restart, all of it', async (t) => {
  const path = await written(t);
  const { store, warnings } = await open(path);
  t.same(await store.load(APPID), {
    token: TOKEN,
    cooldown: { generation: 3, until: clock.now() + 1, lengthMs: 30_000 },
  });
  t.equal(await store.takeForce(APPID, clock.now() + 29_999), false);
  t.strictSame(warnings(), []);
});

t.test('only its owner may read it, and it is replaced as a whole', async (t) => {
  const path = await written(t);
  const before = statSync(path);
  t.equal(before.mode & 0o777, 0o600);
  const { store } = await open(path);
  await store.save(APPID, { ...TOKEN, generation: 4 });
  t.not(statSync(path).ino, before.ino, 'a new file in its place');
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.strictSame(readdirSync(dirname(path)), ['tokens.json'], 'and nothing beside it');
});

t.test('a token is on disk before it is used', async (t) => {
  const path = `${t.testdir({})}/tokens.json`;
  const { store } = await open(path);
  for (let generation = 1; generation <= 20; generation++) {
    await store.save(APPID, { ...TOKEN, generation });
    t.match(readFileSync(path, 'utf8'), `"generation":${generation}}`);
  }
});

t.test('a thousand changes at once are a few writes', async (t) => {
  const path = `${t.testdir({})}/tokens.json`;
  const { store, count } = await open(path);
  await Promise.all(
    Array.from({ length: 1000 }, (_, i) => store.save(APPID, { ...TOKEN, generation: i + 1 })),
  );
  t.ok((await count('save', 'ok')) <= 3);
  t.equal((await begun(path)).token?.generation, 1000);
});

t.test('no file yet is nothing to warn of', async (t) => {
  t.strictSame((await begun(`${t.testdir({})}/tokens.json`)).warnings, []);
});

t.test('what a killed process left beside it is removed', async (t) => {
  const dir = t.testdir({ '.tokens.json.00ff.new': '{', '.other.json.00ff.new': '{' });
  await begun(`${dir}/tokens.json`);
  t.strictSame(readdirSync(dir), ['.other.json.00ff.new']);
});

t.test(
  'a disk that hangs is waited for once, and no longer than the patience of who waits',
  async (t) => {
    const told = await storeBench();
    let release = (): void => {};
    const hung = new Promise<void>((resolve) => {
      release = resolve;
    });
    const store = fileStore({ path: '/nowhere', clock, ...told, replace: () => hung });
    const started = performance.now();
    for (let generation = 1; generation <= 20; generation++) {
      const token = { ...TOKEN, generation };
      t.same(await store.save(APPID, token, new Patience({ storeMs: 200 })), token);
    }
    const waitedMs = Math.round(performance.now() - started);
    t.ok(waitedMs < 1000, `${waitedMs} ms for twenty`);
    const SLOW = 'writing the token file takes long: going on without waiting for it';
    t.strictSame(told.warnings(), [SLOW], 'said once');
    release();
    await store.close();
    t.equal(await told.count('save', 'ok'), 2, 'what was to be written is');
  },
);
