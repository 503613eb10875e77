import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import t from 'tap';
import { countTestPoints } from '../../../scripts/tap-counts.ts';

const good = `TAP version 14
# Subtest: test/unit/a.test.ts
    # Subtest: a promise
        ok 1 - it holds
        ok 2 - it holds again
        1..2
    ok 1 - a promise # time=1ms
    ok 2 - redis-server # SKIP redis-server is not installed
    1..2
ok 1 - test/unit/a.test.ts # time=2ms
ok 2 - test/unit/b.test.ts # time=2ms {
    ok 1 - buffered
    1..1
}
1..2
`;

t.test('assertions are counted, the subtests around them are not', async (t) => {
  t.strictSame(countTestPoints(good), { passed: 3, failed: 0, skipped: 1, problem: undefined });
});

t.test('a failed assertion counts once, however many subtests it is in', async (t) => {
  const tap = good
    .replace('ok 2 - it holds again', 'not ok 2 - it holds again')
    .replace('ok 1 - a promise', 'not ok 1 - a promise')
    .replace('ok 1 - test/unit/a', 'not ok 1 - test/unit/a');
  t.strictSame(countTestPoints(tap), { passed: 2, failed: 1, skipped: 1, problem: '1 failed' });
});

t.test('a test file that fails without a failed assertion counts as failed', async (t) => {
  const tap = good.replace('ok 2 - test/unit/b', 'not ok 2 - test/unit/b');
  t.strictSame(countTestPoints(tap), { passed: 3, failed: 1, skipped: 1, problem: '1 failed' });
});

for (const [what, tap] of Object.entries({
  'an empty file': '',
  'something else than TAP': 'Segmentation fault\n',
  'a run without a test': 'TAP version 14\n1..0\n',
  'a run in which all was skipped': 'TAP version 14\nok 1 - a # SKIP\n1..1\n',
  'a run that broke off': good.slice(0, good.indexOf('ok 2 - test/unit/b')),
  'a run that broke off in a test': good.slice(0, good.indexOf('ok 2 - it holds')),
  'a run that was given up': good.replace('1..2\n', 'Bail out! the machine is on fire\n'),
})) {
  t.test(`${what} is no success`, async (t) => {
    t.type(countTestPoints(tap).problem, 'string');
  });
}

t.test('the line is the only output, and the exit code says whether all is well', async (t) => {
  const script = `${dirname(dirname(dirname(import.meta.dirname)))}/scripts/summarize-tap.ts`;
  const folder = t.testdir({ good, bad: good.replace('ok 1 - buffered', 'not ok 1 - buffered') });
  const run = (...paths: string[]) => {
    const { status, stdout } = spawnSync(process.execPath, [script, ...paths], {
      encoding: 'utf8',
    });
    return [status, stdout];
  };
  t.strictSame(run(`${folder}/good`), [0, '3 passed, 0 failed, 1 skipped\n']);
  t.strictSame(run(`${folder}/bad`), [1, '2 passed, 1 failed, 1 skipped\n']);
  t.strictSame(run(`${folder}/absent`), [1, '0 passed, 0 failed\n']);
  t.strictSame(run(`${folder}/good`, `${folder}/good`), [0, '6 passed, 0 failed, 2 skipped\n']);
  t.strictSame(run(`${folder}/good`, `${folder}/bad`), [1, '5 passed, 1 failed, 2 skipped\n']);
  t.strictSame(run(`${folder}/good`, `${folder}/absent`), [1, '3 passed, 0 failed, 1 skipped\n']);
  t.strictSame(run(), [1, '0 passed, 0 failed\n']);
});
