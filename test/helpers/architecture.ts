// The rules about who may import what, as pure functions of the sources: so each can be shown to
// fail. They are those of the design's section "The house".
import { importCycles } from './import-cycles.ts';
import { computed, readFacts } from './source-facts.ts';
import type { SourceFacts, SourceText, Violation } from './source-facts.ts';

export interface Rule {
  /** What the rule promises, as the title of its test. */
  readonly promise: string;
  readonly check: (sources: readonly SourceText[]) => readonly Violation[];
}

/**
 * The layers, outermost first, and those each may import besides itself. A layer is a folder of
 * `src/`, or a file there: `src/proxy/guard.ts` is in `proxy`, `src/app.ts` is `app`.
 */
export const layers: Readonly<Record<string, readonly string[]>> = {
  cli: ['commands', 'app', 'settings', 'telemetry', 'errors', 'version'],
  commands: ['app', 'simulator', 'settings', 'telemetry', 'errors', 'version'],
  app: [
    'settings',
    'server',
    'proxy',
    'account',
    'token',
    'wechat',
    'telemetry',
    'errors',
    'version',
  ],
  settings: ['account', 'wechat', 'telemetry', 'errors'],
  server: ['account', 'token', 'wechat', 'telemetry', 'errors', 'version'],
  proxy: ['account', 'token', 'wechat', 'telemetry', 'errors'],
  account: ['token', 'wechat', 'telemetry', 'errors'],
  token: ['wechat', 'telemetry', 'errors'],
  telemetry: ['wechat', 'errors'],
  simulator: ['wechat'],
  wechat: [],
  errors: [],
  version: [],
};

/** A package is the business of one place: a file, or a folder (ending in `/`). */
const packageHomes: Readonly<Record<string, readonly string[]>> = {
  undici: ['src/proxy/lanes/', 'src/token/sources/'],
  'http-proxy': ['src/proxy/lanes/http-proxy.ts'],
  'lru-cache': ['src/account/'],
  'prom-client': ['src/telemetry/'],
  pino: ['src/telemetry/'],
  'pino-pretty': ['src/telemetry/'],
};

/** Names that say nothing about what is inside, so everything ends up there. */
const namelessNames = /^(utils?|helpers?|common|index|misc|shared|lib)$/;

export const rules: readonly Rule[] = [
  {
    promise: 'imports point one way, from cli down to errors',
    check: eachFile((file) => {
      const from = layerOf(file.path);
      const allowed = layers[from];
      if (!allowed) return [{ line: 1, problem: `is in no layer: is "${from}" a new one?` }];
      return file.imports
        .filter(({ target }) => target?.startsWith('src/'))
        .map(({ line, target = '' }) => ({ line, target, to: layerOf(target) }))
        .filter(({ to }) => to !== from && !allowed.includes(to))
        .map(({ line, target }) => ({ line, problem: `${from} may not import ${target}` }));
    }),
  },
  {
    promise: 'no import cycle',
    check: (sources) => importCycles(sources.map(readFacts)),
  },
  {
    promise: 'src/ imports nothing of the project outside src/, its package.json aside',
    check: eachFile((file) =>
      file.imports
        .filter(({ target = 'src/' }) => !target.startsWith('src/') && target !== 'package.json')
        .map(({ line, target }) => ({ line, problem: `imports ${target}` })),
    ),
  },
  {
    promise: 'every dynamic import names its module in plain text, so that these rules see it',
    check: eachFile((file) =>
      file.imports
        .filter(({ specifier }) => specifier === undefined)
        .map(({ line }) => ({ line, problem: 'imports a module whose name is computed' })),
    ),
  },
  ...Object.entries(packageHomes).map(([name, homes]) => ({
    promise: `${name} is imported only in ${homes.join(', ')}`,
    check: eachFile((file) =>
      isAt(file.path, homes)
        ? []
        : file.imports
            .filter(({ specifier }) => specifier === name || specifier?.startsWith(`${name}/`))
            .map(({ line }) => ({ line, problem: `imports ${name}` })),
    ),
  })),
  processRule('only src/settings/ reads process.env', ['src/settings/'], ['env']),
  processRule(
    'only src/cli.ts ends the process',
    ['src/cli.ts'],
    ['exit', 'exitCode', 'abort', 'reallyExit'],
  ),
  {
    promise: 'every file is named after its job: no utils, helpers, common, index',
    check: eachFile((file) =>
      file.path
        .split('/')
        .slice(1)
        .filter((part) => namelessNames.test(part.replace(/\.[a-z.]+$/, '')))
        .map((part) => ({ line: 1, problem: `"${part}" says nothing about what is inside` })),
    ),
  },
];

function processRule(promise: string, homes: readonly string[], members: readonly string[]): Rule {
  return {
    promise,
    check: eachFile((file) =>
      isAt(file.path, homes)
        ? []
        : file.processMembers
            .filter(({ member }) => member === computed || members.includes(member))
            .map(({ line, member }) => ({ line, problem: `mentions process.${member}` })),
    ),
  };
}

function eachFile(
  check: (file: SourceFacts) => readonly Omit<Violation, 'path'>[],
): (sources: readonly SourceText[]) => readonly Violation[] {
  return (sources) =>
    sources
      .map(readFacts)
      .flatMap((file) => check(file).map((found) => ({ path: file.path, ...found })));
}

function layerOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '');
}

function isAt(path: string, homes: readonly string[]): boolean {
  return homes.some((home) => (home.endsWith('/') ? path.startsWith(home) : path === home));
}
