/** Whether a block of the docs is covered: by what its language allows to check, or by another test. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { commandFaults } from './doc-commands.ts';
import { page, type DocBlock } from './doc-pages.ts';
import { settingsFaults, unknownNames, variablesOf } from './doc-settings.ts';
import { shellCommands } from './doc-shell.ts';
import { ROOT } from './process.ts';

type Faults = readonly string[];

/** Blocks that another test takes out of their page and runs. */
const runElsewhere: readonly {
  readonly page: string;
  readonly language: string;
  readonly has: RegExp;
  readonly test: string;
}[] = [
  {
    page: 'docs/kubernetes.md',
    language: 'yaml',
    has: /k8s\/monitoring/,
    test: 'test/k8s/monitoring.test.ts',
  },
  { page: 'docs/kubernetes.md', language: 'yaml', has: /./, test: 'test/k8s/documented.test.ts' },
  {
    page: 'docs/topologies.md',
    language: '',
    has: /^user proxy /,
    test: 'test/integration/fleet-redis-rights.test.ts',
  },
  { page: 'docs/sdks.md', language: 'js', has: /./, test: 'test/sdk/documented.test.ts' },
  {
    page: 'docs/sdks.md',
    language: 'python',
    has: /requests/,
    test: 'test/sdk/documented.test.ts',
  },
];

/** Of languages that mean the same on every page. */
const byLanguage: Readonly<Record<string, (block: DocBlock) => Faults | Promise<Faults>>> = {
  sh: shell,
  bash: shell,
  console: shell,
  json: ({ text }) => faultOf(() => void JSON.parse(text)),
  yaml: ({ text }) => faultOf(() => void parse(text)).concat(missingBases(text), names(text)),
};

/** Blocks without a language, by what they begin with. */
const plain: readonly { readonly begins: RegExp; readonly check: (text: string) => Faults }[] = [
  { begins: /^ +WeChat rejects the token/, check: diagram },
  { begins: /^WXPROXY_TOKEN_STORE=redis:/, check: redisUrls },
  { begins: /^# central +# sidecars/, check: columns },
  { begins: /^WECHAT_APPID=/, check: (text) => settingsFaults([], variablesOf(text)) },
];

/** @returns what is wrong with it, or that nobody covers it; nothing: it is covered */
export async function blockFaults(block: DocBlock): Promise<Faults> {
  const { language, text } = block;
  const elsewhere = runElsewhere.find(
    (one) => one.page === block.page && one.language === language && one.has.test(text),
  );
  const check = Object.hasOwn(byLanguage, language) ? byLanguage[language] : undefined;
  if (check !== undefined) {
    return [...(await check(block)), ...(elsewhere === undefined ? [] : unread(elsewhere))];
  }
  if (elsewhere !== undefined) return unread(elsewhere);
  if (language === '') {
    const known = plain.find(({ begins }) => begins.test(text));
    return known === undefined ? ['nobody covers this block'] : known.check(text);
  }
  return isFromSource(block) ? [] : [`nobody covers this block of ${language}`];
}

async function shell({ text }: DocBlock): Promise<Faults> {
  const commands = shellCommands(text);
  if (commands.length === 0) return ['there is no command in it'];
  return [...names(text), ...(await Promise.all(commands.map(commandFaults))).flat()];
}

/** The test must be there, and read the page: else it cannot run what stands there. */
function unread(of: { readonly page: string; readonly test: string }): Faults {
  const path = join(ROOT, of.test);
  const reads = existsSync(path) && readFileSync(path, 'utf8').includes(of.page);
  return reads ? [] : [`${of.test}, which is to run this block, does not read ${of.page}`];
}

/** SDKs of other languages: the page itself says that nothing of them was run. */
function isFromSource({ page: path, heading }: DocBlock): boolean {
  if (path !== 'docs/sdks.md') return false;
  const rows = page(path).text.split('\n');
  // One row for each SDK; a section may show one of them under its first name.
  return rows.some((row) => row.startsWith(`| [${heading}`) && / from source, \S+ \|$/.test(row));
}

function faultOf(work: () => void): string[] {
  try {
    work();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

function names(text: string): Faults {
  return unknownNames(text).map((name) => `there is no setting ${name}`);
}

function missingBases(text: string): Faults {
  return [...text.matchAll(/…\/(k8s\/[\w/-]+)/g)]
    .filter(([, folder = '']) => !existsSync(join(ROOT, folder, 'kustomization.yaml')))
    .map(([, folder]) => `there is no ${folder}/kustomization.yaml`);
}

/** Its stations are the files of the request path. */
function diagram(text: string): Faults {
  return ['guard', 'body', 'inject', 'inspect', 'token-endpoint', 'lanes/replay', 'lanes/stream']
    .filter((name) => {
      const shown = name.replace('lanes/', '').replace('-', ' ');
      return !existsSync(join(ROOT, 'src/proxy', `${name}.ts`)) || !text.includes(shown);
    })
    .map((name) => `src/proxy/${name}.ts and the diagram do not agree`);
}

/** `[…]` may be left out, `…` stands for the same again. */
function redisUrls(text: string): Faults {
  const account = { WECHAT_APPID: 'wx0123456789abcdef', WECHAT_APPSECRET: 'made-up' };
  const urls = Object.values(variablesOf(text.replaceAll('\nWXPROXY_TOKEN_STORE', '\nOTHER')));
  const whole = urls.map((url) => url.replaceAll(/[[\]]/g, '').replace('/database', '/1'));
  const least = urls.map((url) => url.replaceAll(/\[[^\]]*\]/g, ''));
  return [...whole, ...least].flatMap((url) =>
    settingsFaults([], { ...account, WXPROXY_TOKEN_STORE: url.replace('…', 'host') }),
  );
}

/** Two lots of settings, side by side. */
function columns(text: string): Faults {
  const middle = text.indexOf('# sidecars');
  const lines = text.split('\n');
  return [
    lines.map((line) => line.slice(0, middle)),
    lines.map((line) => line.slice(middle)),
  ].flatMap((column) => settingsFaults([], variablesOf(column.join('\n'))));
}
