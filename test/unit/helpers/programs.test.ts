import { mkdirSync, symlinkSync } from 'node:fs';
import t from 'tap';
import { requireProgram } from '../../helpers/programs.ts';

const reason = 'redis-server is not installed; on Debian: apt-get install redis-server';

function recorder() {
  const reported: unknown[] = [];
  return {
    reported,
    fail: (...given: unknown[]) => reported.push(['fail', ...given]) < 0,
    pass: (...given: unknown[]) => reported.push(['pass', ...given]) > 0,
  };
}

t.test('a program that is there is found, and nothing is reported', async (t) => {
  const folder = t.testdir({ first: {}, second: {} });
  mkdirSync(`${folder}/first/redis-server`);
  const path = `${folder}/second/redis-server`;
  symlinkSync(process.execPath, path);
  const report = recorder();
  const PATH = `${folder}/none:${folder}/first:${folder}/second`;
  t.equal(requireProgram(report, 'redis-server', { PATH, CI: 'true' }), path);
  t.strictSame(report.reported, []);
});

t.test('a missing program skips the test, and says how to get it', async (t) => {
  const report = recorder();
  t.equal(requireProgram(report, 'redis-server', { PATH: t.testdir() }), undefined);
  t.strictSame(report.reported, [['pass', 'redis-server', { skip: reason }]]);
});

t.test('a missing program fails the test in CI', async (t) => {
  const report = recorder();
  t.equal(requireProgram(report, 'redis-server', { PATH: t.testdir(), CI: 'true' }), undefined);
  t.strictSame(report.reported, [['fail', reason]]);
});
