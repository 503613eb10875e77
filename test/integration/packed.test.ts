import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { version } from '../../src/version.ts';
import { linksOf, page } from '../helpers/doc-pages.ts';
import { ROOT, runProgram, startProgram } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';

const run = promisify(execFile);
/** What npm says where it can reach no registry, and has not all in its cache. */
const OFFLINE = /\b(?:ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT)\b/;

t.test('the package installs into an empty folder, and runs there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wxproxy-packed-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const tarball = await pack(folder);
  const home = join(folder, 'home');
  mkdirSync(home);
  if (!(await install(t, tarball, home))) return;
  const installed = join(home, 'node_modules/wechat-token-proxy');
  const main = join(installed, 'dist/cli.js');

  t.test('it holds the program and the pages of those who run it, and no more', async (t) => {
    t.strictSame(readdirSync(installed).toSorted(), [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist',
      'docs',
      'k8s',
      'package.json',
    ]);
    const modules = (root: string, ending: string): readonly string[] =>
      globSync(`**/*${ending}`, { cwd: root })
        .map((path) => path.slice(0, -ending.length))
        .toSorted();
    t.strictSame(
      modules(join(installed, 'dist'), '.js').filter((path) => path !== 'server/page/status'),
      modules(join(ROOT, 'src'), '.ts'),
    );
    t.ok(existsSync(join(installed, 'dist/server/page/status.html')));
    for (const { file } of linksOf(page('README.md'))) {
      // Whoever contributes has a checkout.
      t.ok(file === 'CONTRIBUTING.md' || existsSync(join(installed, file)), `README: ${file}`);
    }
    t.notOk(existsSync(join(home, 'node_modules/tap')), 'nothing that only we need comes with it');
  });

  t.test('its command is there by its name', async (t) => {
    const command = join(home, 'node_modules/.bin/wechat-token-proxy');
    const { stdout, stderr } = await run(command, ['--version'], { env: environment() });
    t.strictSame({ stdout, stderr }, { stdout: `${version}\n`, stderr: '' });
  });

  t.test('the demo holds', async (t) => {
    const { code, stdout, stderr } = await runProgram(t, ['demo'], { main, cwd: home });
    t.strictSame({ code, stderr }, { code: 0, stderr: '' }, stdout);
  });

  t.test('simulate names the command that there is', async (t) => {
    const simulator = startProgram(t, ['simulate', '--port', '0'], { main, cwd: home });
    await until(() => simulator.stdout.includes('/__simulator\n'), 'it has said everything');
    t.match(simulator.stdout, /^ {2}WXPROXY_UPSTREAM=.* wechat-token-proxy$/m);
  });
});

/** @returns the tarball; made from a copy, as others use `dist` meanwhile */
async function pack(folder: string): Promise<string> {
  const copy = join(folder, 'copy');
  const others = new Set([
    'node_modules',
    '.git',
    '.tap',
    '.faults',
    'dist',
    'bundle',
    'bench',
    'test',
  ]);
  for (const entry of readdirSync(ROOT)) {
    if (!others.has(entry)) cpSync(join(ROOT, entry), join(copy, entry), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  await npm(['pack', '--silent', '--pack-destination', folder], copy);
  return join(folder, `wechat-token-proxy-${version}.tgz`);
}

/** @returns whether it is there; without a network the test is skipped, but not in CI */
async function install(t: Test, tarball: string, home: string): Promise<boolean> {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  try {
    await npm(['install', '--prefix', home, '--prefer-offline', ...quiet, tarball], home);
    return true;
  } catch (error) {
    const { stderr } = error as { stderr: string };
    if (process.env['CI'] === 'true' || !OFFLINE.test(stderr)) throw error;
    t.pass('install', { skip: 'npm reaches no registry, and its cache has not all packages' });
    return false;
  }
}

function npm(args: readonly string[], cwd: string): Promise<unknown> {
  return run('npm', args, { cwd, env: environment() });
}

/** Without what tap and a surrounding `npm run` put in; with the Node that runs this. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(?:npm_(?!config_)|npm_config_\w*prefix|INIT_CWD$|NODE_OPTIONS$|_?TAP)/.test(name),
  );
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`;
  return { ...Object.fromEntries(kept), PATH: path };
}
