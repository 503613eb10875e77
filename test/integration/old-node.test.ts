import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import t, { type Test } from 'tap';
import { version } from '../../src/version.ts';
import { ROOT, runProgram } from '../helpers/process.ts';

t.test('the built program runs', async (t) => {
  const main = build(t);
  const { code, stdout, stderr } = await runProgram(t, ['--version'], { main });
  t.strictSame({ code, stdout, stderr }, { code: 0, stdout: `${version}\n`, stderr: '' });

  t.test('and on an old Node says in one line what it needs', async (t) => {
    const node = oldNode();
    if (node === undefined) {
      t.pass({ skip: 'there is no Node older than 22 on PATH' });
      return;
    }
    for (const argv of [[], ['--version'], ['demo']]) {
      const old = await runProgram(t, argv, { main, node: node.path, env: { NODE_OPTIONS: '' } });
      t.equal(old.code, 2);
      t.equal(old.stdout, '');
      t.equal(
        old.stderr,
        `wechat-token-proxy needs Node 22.19 or newer; this is ${node.version}\n`,
      );
    }
  });
});

/** @returns the main module of a build of its own */
function build(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'wxproxy-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const project = join(ROOT, 'tsconfig.build.json');
  // The types are checked elsewhere; and the coverage of the compiler is nobody's concern: tap would
  // have it measured in every process that is started without `env -i`.
  const compile = [process.execPath, tsc, '-p', project, '--noCheck', '--outDir', `${folder}/dist`];
  execFileSync('env', ['-i', ...compile]);
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'dist/cli.js');
}

/** The machine's own Node, where it is too old; the one of node_modules never is. */
function oldNode(): { readonly path: string; readonly version: string } | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'node');
    if (folder.includes('node_modules') || !existsSync(path)) continue;
    const found = execFileSync(path, ['--version'], { env: {}, encoding: 'utf8' }).trim();
    if (Number(/^v(\d+)/.exec(found)?.[1]) < 22) return { path, version: found };
  }
  return undefined;
}
