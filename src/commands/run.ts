import { SettingsError } from '../settings/settings-error.ts';
import { usageText } from '../settings/usage.ts';
import { version } from '../version.ts';
import type { Command, CommandContext } from './command.ts';

/** Loaded when called: a sidecar does not carry the demo. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serve,
  demo: async () => (await import('./demo.ts')).demo,
  simulate: async () => (await import('./simulate.ts')).simulate,
  'check-config': async () => (await import('./check-config.ts')).checkConfig,
  healthcheck: async () => (await import('./healthcheck.ts')).healthcheck,
};

/** Commands that take no settings and describe their own flags. */
const OWN_HELP: ReadonlySet<string> = new Set(['demo', 'simulate']);

/** @returns the exit code */
export async function runCommand(
  argv: readonly string[],
  context: CommandContext,
): Promise<number> {
  const [first, ...rest] = argv;
  const named = first !== undefined && !first.startsWith('-');
  const name = named ? first : 'serve';
  const flags = named ? rest : argv;
  if (!named && flags.includes('--version')) {
    context.out(`${version}\n`);
    return 0;
  }
  if (
    name === 'help' ||
    (!OWN_HELP.has(name) && (flags.includes('--help') || flags.includes('-h')))
  ) {
    context.out(usageText());
    return 0;
  }
  const load = COMMANDS[name];
  if (load === undefined) {
    context.err(`there is no command "${name}": see wechat-token-proxy --help\n`);
    return 2;
  }
  try {
    const command = await load();
    return await command(flags, context);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    context.err(`${error.message}\n`);
    return 2;
  }
}
