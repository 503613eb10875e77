import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { FakeClock } from '../../../helpers/fake-clock.ts';
import {
  APPID,
  begun,
  clock,
  HOUR,
  open,
  TOKEN,
  UNUSABLE,
  UNWRITABLE,
  written,
} from './file-bench.ts';

t.test('cut at any byte, it is a warning and no token', async (t) => {
  const path = await written(t);
  const whole = readFileSync(path);
  const bad: number[] = [];
  // Without its last byte, a line break, it is still whole.
  for (let length = 0; length < whole.length - 1; length++) {
    writeFileSync(path, whole.subarray(0, length));
    const { token, cooldown, warnings } = await begun(path);
    if (token ?? cooldown ?? warnings[0] !== UNUSABLE) bad.push(length);
  }
  t.strictSame(bad, [], `cut at each of ${whole.length} lengths`);
});

t.test('with any byte changed, it is a warning and no token, or the right one', async (t) => {
  const path = await written(t);
  const whole = readFileSync(path);
  const bad: number[] = [];
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] as number) ^ 1;
    writeFileSync(path, changed);
    const { token, warnings, log } = await begun(path);
    const isRight = token === undefined ? warnings.length === 1 : token.value === TOKEN.value;
    if (!isRight || log.includes('the-token')) bad.push(at);
  }
  t.strictSame(bad, []);
});

t.test('what is not ours is a warning, and replaced', async (t) => {
  for (const text of [
    '',
    'null',
    '[]',
    '"x"',
    '{}',
    '{"format":1}',
    '{"format":2,"accounts":{}}',
  ]) {
    const path = `${t.testdir({})}/tokens.json`;
    writeFileSync(path, text, { mode: 0o600 });
    const { store, warnings } = await open(path);
    t.strictSame(await store.load(APPID), { token: undefined, cooldown: undefined });
    t.strictSame(warnings(), [UNUSABLE], text);
    await store.save(APPID, TOKEN);
    t.same((await begun(path)).token, TOKEN);
  }
});

t.test('a file that others could have written is not believed', async (t) => {
  const path = await written(t);
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o666]) {
    chmodSync(path, mode);
    const { token, warnings } = await begun(path);
    t.equal(token, undefined);
    t.strictSame(warnings, [UNUSABLE], mode.toString(8));
  }
});

t.test('a file of another user is not believed', async (t) => {
  if (process.getuid?.() !== 0) {
    t.pass('chown', { skip: 'only root can give it away' });
    return;
  }
  const path = await written(t);
  chownSync(path, 12_345, 12_345);
  const { token, warnings, log } = await begun(path);
  t.equal(token, undefined);
  t.strictSame(warnings, [UNUSABLE]);
  t.match(log, 'it belongs to another user');
});

t.test('a symbolic link is not followed, neither to read nor to write', async (t) => {
  const target = await written(t);
  const before = readFileSync(target, 'utf8');
  const path = `${target}.link`;
  symlinkSync(target, path);
  const { store, warnings } = await open(path);
  t.equal((await store.load(APPID)).token, undefined);
  t.strictSame(warnings(), [UNUSABLE]);
  await store.save(APPID, { ...TOKEN, generation: 9 });
  t.equal(readFileSync(target, 'utf8'), before);
  t.ok(statSync(path).isFile());
});

t.test('a pipe or a folder in its place is a warning, and no wait', async (t) => {
  const dir = t.testdir({});
  execFileSync('mkfifo', ['-m', '600', `${dir}/pipe`]);
  t.strictSame((await begun(`${dir}/pipe`)).warnings, [UNUSABLE]);
  mkdirSync(`${dir}/folder`);
  const { store, warnings } = await open(`${dir}/folder`);
  await store.save(APPID, TOKEN);
  t.strictSame(warnings(), [UNUSABLE, UNWRITABLE]);
  t.strictSame(readdirSync(dir).toSorted(), ['folder', 'pipe'], 'nothing is left beside it');
});

t.test('a pipe in its place is never replaced: a warning, and the store goes on', async (t) => {
  const dir = t.testdir({});
  execFileSync('mkfifo', ['-m', '600', `${dir}/pipe`]);
  const { store, warnings, count, log } = await open(`${dir}/pipe`);
  for (let generation = 1; generation <= 3; generation++) {
    t.same(await store.save(APPID, { ...TOKEN, generation }), { ...TOKEN, generation });
  }
  t.ok(lstatSync(`${dir}/pipe`).isFIFO(), 'it still is one');
  t.strictSame(readdirSync(dir), ['pipe'], 'and nothing is left beside it');
  t.strictSame(warnings(), [UNUSABLE, UNWRITABLE]);
  t.match(log.join(''), /it is no regular file/);
  t.equal(await count('save', 'failed'), 3);
});

t.test('a folder that cannot be written is a warning, once, and the store goes on', async (t) => {
  const dir = t.testdir({ file: '' });
  const { store, warnings, count } = await open(`${dir}/file/tokens.json`);
  for (let generation = 1; generation <= 5; generation++) {
    t.same(await store.save(APPID, { ...TOKEN, generation }), { ...TOKEN, generation });
  }
  t.equal((await store.load(APPID)).token?.generation, 5);
  t.strictSame(warnings(), [UNUSABLE, UNWRITABLE]);
  t.equal(await count('save', 'failed'), 5);
});

t.test('a folder that does not exist yet is said when it is needed', async (t) => {
  const dir = t.testdir({});
  const { store, warnings } = await open(`${dir}/later/tokens.json`);
  await store.save(APPID, { ...TOKEN, generation: 1 });
  t.strictSame(warnings(), [UNWRITABLE]);
  mkdirSync(`${dir}/later`);
  await store.save(APPID, { ...TOKEN, generation: 2 });
  t.equal((await begun(`${dir}/later/tokens.json`)).token?.generation, 2);
});

t.test('a stale file is a warning', async (t) => {
  const path = await written(t);
  const later = new FakeClock(TOKEN.expiresAt);
  const { warnings, token } = await begun(path, later);
  t.strictSame(warnings, ['the token file is stale: the tokens in it have expired']);
  t.equal(token?.generation, 3, 'its generation goes on counting');
});

t.test('a file from the future is not believed', async (t) => {
  const path = await written(t);
  const yesterday = new FakeClock(clock.now() - 24 * HOUR);
  const { warnings, token } = await begun(path, yesterday);
  t.strictSame(warnings, [UNUSABLE]);
  t.equal(token, undefined);
});
