import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { systemClock } from '../../src/token/clock.ts';
import { fileStore } from '../../src/token/stores/file.ts';
import { storeBench } from '../contract/store-bench.ts';

const KILLS = 12;

/** Saves one token after the other, each longer than the one before, and says which is on disk. */
const WRITER = `
  import { fileStore } from '${import.meta.dirname}/../../src/token/stores/file.ts';
  import { systemClock } from '${import.meta.dirname}/../../src/token/clock.ts';
  const [, path] = process.argv;
  const quiet = { warn() {}, storeOperation() {} };
  const store = fileStore({ path, clock: systemClock, logger: quiet, metrics: quiet });
  for (let generation = 1; ; generation++) {
    const value = '90_' + 'x'.repeat(generation % 4000);
    await store.save('wx1', { value, expiresAt: Date.now() + 7_200_000, generation });
    process.stdout.write(generation + '\\n');
  }
`;

t.test('killed at any moment, it leaves a whole file with what was saved last', async (t) => {
  const path = `${t.testdir({})}/tokens.json`;
  for (let kill = 0; kill < KILLS; kill++) {
    rmSync(path, { force: true });
    const writer = spawn(process.execPath, ['--input-type=module', '-e', WRITER, path]);
    let said = '';
    let stderr = '';
    writer.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    writer.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    t.teardown(() => writer.kill('SIGKILL'));
    await once(writer.stdout, 'data');
    await delay(Math.random() * 30);
    writer.kill('SIGKILL');
    await once(writer, 'close');
    t.equal(stderr, '');
    const acknowledged = Number(said.split('\n').at(-2));
    const { warnings, ...told } = await storeBench();
    const store = fileStore({ path, clock: systemClock, ...told });
    const { token } = await store.load('wx1');
    t.strictSame(warnings(), []);
    t.ok(
      token !== undefined && token.generation >= acknowledged,
      `generation ${token?.generation} after ${acknowledged} was said to be saved`,
    );
    t.equal(token?.value.length, 3 + ((token?.generation ?? 0) % 4000));
    t.strictSame(readdirSync(dirname(path)), ['tokens.json'], 'and nothing beside it');
  }
});
