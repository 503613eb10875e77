import { spawnSync } from 'node:child_process';
import t from 'tap';

const SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  'scripts/fuzz.ts': ['--seconds', '--seed', '--case'],
  'scripts/soak.ts': ['--seconds', '--rate', '--seed', '--preload'],
};

for (const [script, flags] of Object.entries(SCRIPTS)) {
  t.test(`${script} says how it is used, asked or used wrongly`, async (t) => {
    const asked = run(script, '--help');
    t.equal(asked.status, 0);
    for (const flag of [...flags, '--help']) t.match(asked.stdout, new RegExp(`^  ${flag} `, 'm'));
    for (const [wrong, why] of [
      ['--secnds=9', /^Unknown option '--secnds'/],
      ['--seconds=x', /^--seconds: /],
      ['--seed=1.5', /^--seed: a whole number$/m],
    ] as const) {
      const told = run(script, wrong);
      t.equal(told.status, 2, wrong);
      t.match(told.stderr, why);
      t.ok(told.stderr.includes(asked.stdout.trim()), 'with the usage behind it');
    }
  });
}

t.test('a case of the fuzzer means nothing without its seed', async (t) => {
  const { status, stderr } = run('scripts/fuzz.ts', '--case=3');
  t.equal(status, 2);
  t.match(stderr, /^--case: needs the --seed it is of$/m);
});

function run(script: string, ...argv: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...argv], {
    cwd: new URL('../../..', import.meta.url),
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}
