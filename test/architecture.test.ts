import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { layers, rules } from './helpers/architecture.ts';
import type { SourceText } from './helpers/source-facts.ts';

const root = dirname(import.meta.dirname);

t.test('the sources keep every rule', (t) => {
  const sources = globSync('src/**/*.{ts,mts,cts,js,mjs,cjs}', { cwd: root })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') }));
  t.ok(sources.length > 10, 'the sources were found');
  for (const { promise, check } of rules) {
    t.test(promise, (t) => {
      const found = check(sources).map(({ path, line, problem }) => `${path}:${line} ${problem}`);
      t.strictSame(found, [], promise);
      t.end();
    });
  }
  t.end();
});

/** For each promise: sources that break it, and the place where that must be seen. */
const broken: Readonly<Record<string, readonly (readonly [Files, string])[]>> = {
  'imports point one way, from cli down to errors': [
    [{ 'src/token/manager.ts': `import { a } from '../account/account.ts';` }, 'manager.ts:1'],
    [{ 'src/token/manager.ts': `\nimport type { A } from '../proxy/guard.ts';` }, 'manager.ts:2'],
    [{ 'src/proxy/guard.ts': `export * from '../server/admin.ts';` }, 'guard.ts:1'],
    [{ 'src/server/admin.ts': `const a = await import('../proxy/guard.ts');` }, 'admin.ts:1'],
    [{ 'src/server/admin.ts': `let a: import('../settings/table.ts').A;` }, 'admin.ts:1'],
    [{ 'src/settings/load.ts': `import '../token/token.ts';` }, 'load.ts:1'],
    [{ 'src/account/registry.ts': `import a = require('../app.ts');` }, 'registry.ts:1'],
    [{ 'src/telemetry/logger.ts': `import '../settings/table.ts';` }, 'logger.ts:1'],
    [{ 'src/wechat/routes.ts': `import '../errors.ts';` }, 'routes.ts:1'],
    [{ 'src/errors.ts': `import './wechat/routes.ts';` }, 'errors.ts:1'],
    [{ 'src/simulator/server.ts': `import '../token/token.ts';` }, 'server.ts:1'],
    [{ 'src/app.ts': `import './simulator/server.ts';` }, 'app.ts:1'],
    [{ 'src/app.ts': `import './commands/demo.ts';` }, 'app.ts:1'],
    [{ 'src/commands/demo.ts': `import '../cli.ts';` }, 'demo.ts:1'],
    [{ 'src/cli.ts': `import './proxy/handler.ts';` }, 'cli.ts:1'],
    [{ 'src/stray.ts': `` }, 'stray.ts:1'],
    [{ 'src/plumbing/stray.ts': `` }, 'stray.ts:1'],
  ],
  'no import cycle': [
    [{ 'src/token/a.ts': `import './b.ts';`, 'src/token/b.ts': `import './a.ts';` }, 'b.ts:1'],
    [{ 'src/token/a.ts': `import './a.ts';` }, 'a.ts:1'],
    [
      {
        'src/token/a.ts': `import type { B } from './b.ts';`,
        'src/token/b.ts': `import './stores/c.ts';`,
        'src/token/stores/c.ts': `\nexport type { A } from '../a.ts';`,
      },
      'c.ts:2',
    ],
  ],
  'src/ imports nothing of the project outside src/, its package.json aside': [
    [{ 'src/app.ts': `import { clock } from '../test/helpers/clock.ts';` }, 'app.ts:1'],
    [{ 'src/cli.ts': `import data from '../k8s/data.json' with { type: 'json' };` }, 'cli.ts:1'],
  ],
  'every dynamic import names its module in plain text, so that these rules see it': [
    [{ 'src/app.ts': `const name = 'undici';\nawait import(name);` }, 'app.ts:2'],
    [{ 'src/app.ts': `require(\`\${name}\`);` }, 'app.ts:1'],
  ],
  'undici is imported only in src/proxy/lanes/, src/token/sources/': [
    [{ 'src/proxy/handler.ts': `import { request } from 'undici';` }, 'handler.ts:1'],
    [{ 'src/token/manager.ts': `import type { Pool } from 'undici/types';` }, 'manager.ts:1'],
  ],
  'http-proxy is imported only in src/proxy/lanes/http-proxy.ts': [
    [{ 'src/proxy/lanes/replay.ts': `import httpProxy from 'http-proxy';` }, 'replay.ts:1'],
    [{ 'src/app.ts': `createRequire(import.meta.url)('http-proxy');` }, 'app.ts:1'],
  ],
  'lru-cache is imported only in src/account/': [
    [{ 'src/token/manager.ts': `import { LRUCache } from 'lru-cache';` }, 'manager.ts:1'],
  ],
  'prom-client is imported only in src/telemetry/': [
    [{ 'src/server/admin.ts': `import { Registry } from 'prom-client';` }, 'admin.ts:1'],
  ],
  'pino is imported only in src/telemetry/': [
    [{ 'src/app.ts': `import { pino } from 'pino';` }, 'app.ts:1'],
  ],
  'pino-pretty is imported only in src/telemetry/': [
    [{ 'src/cli.ts': `await import('pino-pretty');` }, 'cli.ts:1'],
  ],
  'only src/settings/ reads process.env': [
    [{ 'src/app.ts': `const level = process.env.LEVEL;` }, 'app.ts:1'],
    [{ 'src/app.ts': `const level = process['env'];` }, 'app.ts:1'],
    [{ 'src/app.ts': `const { env: settings } = process;` }, 'app.ts:1'],
    [{ 'src/app.ts': `const level = globalThis.process.env;` }, 'app.ts:1'],
    [{ 'src/app.ts': `import { env } from 'node:process';` }, 'app.ts:1'],
    [{ 'src/app.ts': `const level = process[name];` }, 'app.ts:1'],
  ],
  'only src/cli.ts ends the process': [
    [{ 'src/app.ts': `// why\nprocess.exit(1);` }, 'app.ts:2'],
    [{ 'src/commands/demo.ts': `process.exitCode = 1;` }, 'demo.ts:1'],
    [{ 'src/commands/demo.ts': `import { exit as leave } from 'process';` }, 'demo.ts:1'],
  ],
  'every file is named after its job: no utils, helpers, common, index': [
    [{ 'src/proxy/utils.ts': '' }, 'utils.ts:1'],
    [{ 'src/token/index.ts': '' }, 'index.ts:1'],
    [{ 'src/common/clock.ts': '' }, 'clock.ts:1'],
  ],
};

type Files = Readonly<Record<string, string>>;

t.test('a source that breaks a rule is found, with its file and line', (t) => {
  t.strictSame(Object.keys(broken).toSorted(), rules.map(({ promise }) => promise).toSorted());
  for (const { promise, check } of rules) {
    for (const [files, place] of broken[promise] ?? []) {
      const places = check(sourcesOf(files)).map(({ path, line }) => `${path}:${line}`);
      t.equal(places.length, 1, `${promise}: one violation in ${JSON.stringify(files)}`);
      t.ok(places[0]?.endsWith(place), `${promise}: ${places[0]} is ${place}`);
    }
  }
  t.end();
});

t.test('what a rule allows is not found', (t) => {
  const kept: Files = {
    'src/cli.ts': `import './app.ts';\nprocess.exitCode = 2;`,
    'src/commands/demo.ts': `import '../app.ts';\nimport '../simulator/server.ts';`,
    'src/app.ts': `import './proxy/lanes/stream.ts';\nimport './server/status-report.ts';`,
    'src/settings/load.ts': `import '../errors.ts';\nexport const env = process.env;`,
    'src/proxy/lanes/http-proxy.ts': `import 'http-proxy';\nimport '../../token/manager.ts';`,
    'src/token/manager.ts': `import '../wechat/routes.ts';\nimport type { A } from './token.ts';`,
    'src/token/sources/stable-token.ts': `import { request } from 'undici';`,
    'src/telemetry/logger.ts': `// process.env, process.exit(1)\nconst text = 'process.env';`,
    'src/version.ts': `createRequire(import.meta.url)('../package.json')`,
    'src/account/registry.ts': `import 'lru-cache';\nimport '../token/manager.ts';`,
    'src/simulator/server.ts': `import '../wechat/routes.ts';\nimport 'node:http';`,
  };
  for (const { promise, check } of rules) t.strictSame(check(sourcesOf(kept)), [], promise);
  t.end();
});

t.test('the layers form a direction: none may import one that may import it back', (t) => {
  const order = Object.keys(layers);
  for (const [from, allowed] of Object.entries(layers)) {
    const inward = allowed.filter((to) => order.indexOf(to) > order.indexOf(from));
    t.strictSame(inward, allowed, `${from} imports only layers below it`);
  }
  t.end();
});

function sourcesOf(files: Files): readonly SourceText[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }));
}
