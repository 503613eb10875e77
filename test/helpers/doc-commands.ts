/** Whether a command that the docs show can be right, as far as that is known without running it. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { COMMANDS } from '../../src/commands/commands.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { settingsFaults, variablesOf } from './doc-settings.ts';
import type { ShellCommand } from './doc-shell.ts';
import { ROOT } from './process.ts';

type Check = (
  words: readonly string[],
  env: Readonly<Record<string, string>>,
) => readonly string[] | Promise<readonly string[]>;

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};
const k8s = globSync('k8s/**/*.yaml', { cwd: ROOT })
  .map((path) => readFileSync(join(ROOT, path), 'utf8'))
  .join('\n');

/** By a command's first word. What is not here is covered by nobody. */
const checks: Readonly<Record<string, Check>> = {
  export: () => [],
  npm,
  'wechat-token-proxy': program,
  node: ([file = '', ...words], env) => {
    return file === 'src/cli.ts' ? program(words, env) : scriptFaults(file, words);
  },
  // Run for real, by test/docs.test.ts.
  curl: () => [],
  kubectl,
  docker,
  grep,
};

/** What is wrong with it; nothing: it is covered. */
export async function commandFaults({ words, env }: ShellCommand): Promise<readonly string[]> {
  const [name = '', ...rest] = words;
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
  return check === undefined ? [`no test knows the command "${name}"`] : check(rest, env);
}

function npm([verb = '', ...rest]: readonly string[], env: ShellCommand['env']): readonly string[] {
  if (verb === 'ci') return missing('package-lock.json');
  const [name = '', ...words] = verb === 'run' ? rest : [verb, ...rest];
  const script = scripts[name];
  if (script === undefined) return [`package.json has no script "${name}"`];
  const argv = words[0] === '--' ? words.slice(1) : words;
  if (argv.length > 0 && words[0] !== '--')
    return [`npm keeps "${argv[0]}" to itself: -- is missing`];
  if (script === 'exec node src/cli.ts') return program(argv, env);
  const [file = ''] = /\S+\.(?:ts|sh)$/.exec(script) ?? ['package.json'];
  return scriptFaults(file, argv);
}

/** Flags and files that a script is given. Its source names its flags. */
function scriptFaults(file: string, argv: readonly string[]): readonly string[] {
  const absent = missing(file);
  if (absent.length > 0) return absent;
  const source = file.startsWith('bench/') ? 'bench/options.ts' : file;
  return argv.flatMap((word, index) => {
    if (word.startsWith('-')) return unknownFlag(source, word);
    return argv[index - 1]?.startsWith('-') ? [] : missing(word);
  });
}

function unknownFlag(source: string, flag: string): readonly string[] {
  const [name = ''] = flag.split('=');
  const text = readFileSync(join(ROOT, source), 'utf8');
  return new RegExp(`\\b${name.replace(/^-+/, '')}\\b`).test(text)
    ? []
    : [`${source} has no ${name}`];
}

function program(words: readonly string[], env: ShellCommand['env']): readonly string[] {
  const [first = ''] = words;
  const argv = words.filter((word, index) => !(index === 0 && COMMANDS.has(word)));
  if (COMMANDS.get(first)?.ownHelp) {
    const source = `src/commands/${first === 'demo' ? 'demo' : 'simulate/flags'}.ts`;
    return argv.flatMap((word) => (word.startsWith('-') ? unknownFlag(source, word) : []));
  }
  const own = ['--version', '--help', ...(first === 'healthcheck' ? ['--ready'] : [])];
  return settingsFaults(
    argv.filter((word) => !own.includes(word)),
    env,
  );
}

function kubectl(words: readonly string[]): readonly string[] {
  const rest = words.filter((word, index) => word !== '-n' && words[index - 1] !== '-n');
  const [verb, ...operands] = rest;
  const after = (flag: string): string => operands[operands.indexOf(flag) + 1] ?? '';
  if (verb === 'kustomize') return kustomization(operands[0]);
  if (verb === 'apply' && operands.includes('-k')) return kustomization(after('-k'));
  if (verb === 'create' && operands.slice(0, 2).join(' ') === 'secret generic') {
    const [, , name = '', ...flags] = operands;
    const known = k8s.includes(`secretName: ${name}\n`);
    return [
      ...(known ? [] : [`no manifest wants the Secret ${name}`]),
      ...flags.flatMap(secretKey),
    ];
  }
  if (verb === 'port-forward') {
    const [, port] = operands;
    return k8s.includes(`containerPort: ${port}\n`) ? [] : [`no container has the port ${port}`];
  }
  if (verb === 'logs') {
    return k8s.includes(`- name: ${after('-c')}\n`) ? [] : [`no container ${after('-c')}`];
  }
  return [`no test knows "kubectl ${words.join(' ')}"`];
}

/** The manifests themselves are built by test/k8s/. */
function kustomization(folder = ''): readonly string[] {
  const file = join(ROOT, folder, 'kustomization.yaml');
  if (!existsSync(file)) return [`there is no ${folder}/kustomization.yaml`];
  const { kind } = parse(readFileSync(file, 'utf8')) as { kind: string };
  return kind === 'Kustomization' ? [] : [`${folder} is a ${kind}: it cannot be applied alone`];
}

function secretKey(flag: string): readonly string[] {
  const [, key = ''] = /^--from-(?:file|literal)=([a-z-]+)=/.exec(flag) ?? [];
  // `appsecret` is the user's own to name, in a ConfigMap.
  return key !== '' && new RegExp(`\\b${key}\\b`).test(k8s)
    ? []
    : [`no manifest knows of "${flag}"`];
}

const DOCKER_FLAGS = new Set(
  '--build-arg -t --rm --network --read-only --cap-drop -e -v'.split(' '),
);

/** The image itself is built and run by scripts/verify-image.sh. */
function docker([verb, ...words]: readonly string[]): readonly string[] {
  const unknown = words.find((word) => word.startsWith('-') && !DOCKER_FLAGS.has(word));
  if (unknown !== undefined) return [`no test knows "docker ${verb} ${unknown}"`];
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  if (verb === 'build') {
    return [...words.join(' ').matchAll(/--build-arg (\w+)=/g)]
      .filter(([, name]) => !new RegExp(`^ARG ${name}=`, 'm').test(dockerfile))
      .map(([, name]) => `Dockerfile has no ARG ${name}`);
  }
  if (verb !== 'run') return [`no test knows "docker ${verb}"`];
  const variables = words.filter((_, index) => words[index - 1] === '-e');
  return settingsFaults([], variablesOf(variables.join('\n')));
}

/** `-E`, on the log. */
async function grep([, pattern = '']: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = await createLogger({ level: 'info', format: 'json', destination });
  logger.warn('wanted');
  logger.info('unwanted');
  const found = lines.filter((line) => new RegExp(pattern).test(line));
  return found.length === 1 && found[0]?.includes('"wanted"')
    ? []
    : ['finds other lines of the log'];
}

function missing(file: string): readonly string[] {
  return existsSync(join(ROOT, file)) ? [] : [`there is no ${file}`];
}
