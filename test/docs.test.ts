import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { DEMO_ACCOUNT } from '../src/simulator/demo-account.ts';
import { Metrics } from '../src/telemetry/metrics.ts';
import { version } from '../src/version.ts';
import { layers } from './helpers/architecture.ts';
import { blockFaults } from './helpers/doc-blocks.ts';
import { commandFaults } from './helpers/doc-commands.ts';
import {
  anchorsOf,
  blocksOf,
  inlineCommandsOf,
  linksOf,
  page,
  pages,
  proseOf,
} from './helpers/doc-pages.ts';
import { unknownNames } from './helpers/doc-settings.ts';
import { shellCommands } from './helpers/doc-shell.ts';
import { ROOT } from './helpers/process.ts';
import { requireProgram } from './helpers/programs.ts';
import { proxyAndSimulator } from './helpers/proxy.ts';

const run = promisify(execFile);
const blocks = pages.flatMap(blocksOf);

t.test('every block of every page is covered, and nothing is wrong with it', async (t) => {
  t.ok(pages.length >= 9, `${pages.length} pages`);
  t.ok(blocks.length >= 40, `${blocks.length} blocks`);
  for (const block of blocks) {
    t.strictSame(await blockFaults(block), [], `${block.page}:${block.line} ${block.language}`);
  }
});

t.test('a block that nobody covers is found, and so is one that is wrong', async (t) => {
  const found = async (language: string, text: string): Promise<readonly string[]> =>
    blockFaults({ page: 'README.md', line: 1, heading: 'Sixty seconds', language, text });
  for (const [language, text] of [
    ['', 'something else\n'],
    ['rust', 'fn main() {}\n'],
    ['ts', 'const a = 1;\n'],
    ['sh', ''],
    ['sh', 'npm ci && make test\n'],
    ['sh', 'npm run no-such-script\n'],
    ['sh', 'npm start --log-format pretty\n'],
    ['sh', 'npm run soak -- --for-ever\n'],
    ['sh', 'npm run test:file -- test/no-such.test.ts\n'],
    ['console', 'wechat-token-proxy --lissen 127.0.0.1:1\n'],
    ['bash', 'wechat-token-proxy simulate --prot 9080\n'],
    ['sh', 'WXPROXY_LISTN=127.0.0.1:8080 npm start\n'],
    ['sh', 'export WECHAT_APPID=wx0123456789abcdef\nnpm start\n'],
    ['sh', 'export WXPROXY_UPSTREAM=example.com \\\n  WXPROXY_LISTEN=1 # why\nnpm start\n'],
    ['sh', 'docker run -e WXPROXY_LISTN=:8080 wechat-token-proxy\n'],
    ['sh', 'docker build --build-arg VERSOIN=1 .\n'],
    ['sh', 'docker build --build-arg VERSION=1 --build-arg BUILD_IMGE=node .\n'],
    ['sh', 'docker run --netwrok host wechat-token-proxy\n'],
    ['sh', 'kubectl kustomize k8s/exmaple\n'],
    ['sh', 'kubectl apply -k k8s/sidecar\n'],
    ['sh', 'kubectl logs POD -c proxy | grep -E \'"level":"(warn|error)"\'\n'],
    ['sh', `kubectl logs POD -c wechat-token-proxy | grep -E 'level'\n`],
    ['sh', 'kubectl create secret generic proxy --from-file=appsecret=x\n'],
    ['json', '{"access_token":}\n'],
    ['yaml', 'a: [\n'],
    ['yaml', 'components:\n  - …/k8s/side-car\n'],
    ['yaml', 'literals:\n  - WECHAT_APP_ID=wx0123456789abcdef\n'],
    ['js', 'await fetch(somewhere);\n'],
    ['', 'WECHAT_APPID=wx0123456789abcdef\n'],
    ['', 'WECHAT_APPID=wx0123456789abcdef\nWXPROXY_TOKEN_PEER=http://elsewhere\n'],
  ] as const) {
    t.not((await found(language, text)).length, 0, `${language}: ${text}`);
  }
});

t.test('every curl of the docs is answered as it should be', async (t) => {
  const curl = requireProgram(t, 'curl');
  if (curl === undefined) return;
  const { proxy, simulator } = await proxyAndSimulator(t);
  const places = new Map([
    ['8080', proxy.url],
    ['9464', proxy.admin],
    ['9080', simulator.url],
  ]);
  const cwd = t.testdir({ 'picture.jpg': 'made up' });
  const shells = blocks.filter(({ language }) => ['sh', 'bash', 'console'].includes(language));
  let calls = 0;
  for (const block of shells) {
    for (const { words } of shellCommands(block.text)) {
      if (words[0] !== 'curl') continue;
      const args = words.slice(1).map((word) => {
        return word.replace(/^http:\/\/127\.0\.0\.1:(\d+)/, (all, port: string) => {
          return places.get(port) ?? all;
        });
      });
      const always = ['-q', '--silent', '--show-error', '--fail', '--noproxy', '*'];
      const { stdout } = await run(curl, [...always, ...args], { cwd });
      t.not(stdout, '', words.join(' '));
      t.notMatch(stdout, /"errcode":(?!0\b)/, words.join(' '));
      t.notMatch(stdout, /"echo":/, `${words.join(' ')}: no call of WeChat's that is known`);
      calls += 1;
    }
  }
  t.ok(calls >= 8, `${calls} calls`);
  t.equal(await proxy.metric('replays_total', { outcome: 'ok' }), 1, 'the one after the rotation');
  t.ok(
    proxy.log.some((line) => line.includes('"msg":"replay"')),
    'and the log says so',
  );
});

t.test('the stand-in of the docs is the one that the proxy gives', async (t) => {
  const { proxy } = await proxyAndSimulator(t);
  const shown = blocks.find(({ text }) => text.includes('"access_token":"wxp-'))?.text.trim() ?? '';
  const answer = await fetch(`${proxy.url}/cgi-bin/token?appid=${DEMO_ACCOUNT.appid}`);
  const [beginning = '', end = ''] = shown.split('…');
  t.not(end, '', 'it is on the page, shortened');
  const body = await answer.text();
  t.ok(body.startsWith(beginning) && body.endsWith(end), shown);
});

t.test('the account of the docs is the simulator’s, where it says how to start before it', (t) => {
  const before = blocks
    .flatMap(({ text, language }) => (language === 'sh' ? shellCommands(text) : []))
    .filter(({ env }) => 'WXPROXY_UPSTREAM' in env);
  t.ok(before.length > 0);
  for (const { env } of before) {
    t.equal(env['WECHAT_APPID'], DEMO_ACCOUNT.appid);
    t.equal(env['WECHAT_APPSECRET'], DEMO_ACCOUNT.appsecret);
  }
  t.end();
});

t.test('every link within the project leads somewhere', (t) => {
  for (const of of pages) {
    for (const { file, anchor } of linksOf(of)) {
      t.ok(existsSync(join(ROOT, file)), `${of.path}: ${file}`);
      if (anchor !== '')
        t.ok(anchorsOf(page(file)).includes(anchor), `${of.path}: ${file}#${anchor}`);
    }
  }
  t.end();
});

t.test('every file that a page names is there', (t) => {
  let named = 0;
  for (const { path, text } of pages) {
    for (const [, file = ''] of text.matchAll(
      /`((?:src|test|scripts|docs|k8s|bench)\/[\w./-]+|Dockerfile|[A-Z]+\.md)`/g,
    )) {
      t.ok(existsSync(join(ROOT, file)), `${path}: ${file}`);
      named += 1;
    }
  }
  t.ok(named > 80, `${named} files`);
  t.end();
});

t.test('nothing is wrong with a command in the midst of a sentence', async (t) => {
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  let commands = 0;
  for (const of of pages) {
    for (const text of inlineCommandsOf(of)) {
      const faults = await Promise.all(shellCommands(text).map(commandFaults));
      t.strictSame(faults.flat(), [], `${of.path}: ${text}`);
      commands += 1;
    }
    for (const [, name = ''] of of.text.matchAll(/--build-arg (\w+)=/g)) {
      t.match(dockerfile, new RegExp(`^ARG ${name}=`, 'm'), `${of.path}: --build-arg ${name}`);
    }
  }
  t.ok(commands >= 20, `${commands} commands`);
});

t.test('every setting, script and metric that a page names is there', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  const { registry } = new Metrics({ version: '0', processMetrics: false });
  const metrics = new Set(registry.getMetricsAsArray().map(({ name }) => name));
  for (const of of pages) {
    t.strictSame(unknownNames(of.text), [], `${of.path}: settings`);
    for (const [, name = ''] of of.text.matchAll(/npm run ([\w:-]+)/g)) {
      t.ok(Object.hasOwn(scripts, name), `${of.path}: npm run ${name}`);
    }
    for (const [, name = ''] of proseOf(of).matchAll(
      /`([a-z]+(?:_[a-z]+)+_(?:total|seconds))\b/g,
    )) {
      t.ok(metrics.has(name) || metrics.has(`wxproxy_${name}`), `${of.path}: the metric ${name}`);
    }
  }
});

t.test('versions on the pages are those of the package, and of the SDKs that are tested', (t) => {
  let shown = 0;
  for (const { path, text } of pages) {
    for (const [, of] of text.matchAll(/(?:wechat-token-proxy:|VERSION=)(\d+\.\d+\.\d+)/g)) {
      t.equal(of, version, path);
      shown += 1;
    }
  }
  t.ok(shown >= 3, `${shown} versions`);
  const sdks = JSON.parse(readFileSync(join(ROOT, 'test/sdk/package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const rows = [...page('docs/sdks.md').text.matchAll(/^\| \[([\w-]+)\].* in CI, ([\d.]+)/gm)];
  t.ok(rows.length >= 4, `${rows.length} SDKs`);
  for (const [, name = '', of] of rows) t.equal(of, sdks.dependencies[name], name);
  t.end();
});

t.test('the README has every code that an app can be shown', (t) => {
  const codes = (text: string): readonly string[] =>
    [...new Set(text.match(/\bERR_[A-Z]+(?:_[A-Z]+)*\b/g))].toSorted();
  const source = readFileSync(join(ROOT, 'src/errors.ts'), 'utf8');
  const shown = page('README.md').text.replaceAll('ERR_CODE', '');
  t.strictSame(codes(shown), codes(source));
  t.end();
});

t.test('the layers of docs/architecture.md are those that the sources keep to', (t) => {
  const rows = [
    ...page('docs/architecture.md').text.matchAll(/^\| `([\w-]+)` \|[^|]*\|([^|]*)\|$/gm),
  ];
  const shown = rows.map(([, layer = '', imports = '']) => `${layer}: ${imports.trim()}`);
  t.strictSame(
    shown,
    Object.entries(layers).map(([layer, to]) => `${layer}: ${to.join(', ')}`),
  );
  t.end();
});
