import { SettingsError } from '../settings/settings-error.ts';
import { version } from '../version.ts';
import type { CommandContext } from './command.ts';
import { COMMANDS } from './commands.ts';
import { usageText } from './usage.ts';

/**
 * Runs the command that the arguments name, `serve` where they name none.
 * @returns the exit code
 */
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
  const entry = COMMANDS.get(name);
  const asksHelp = flags.includes('--help') || flags.includes('-h');
  if (name === 'help' || (asksHelp && !entry?.ownHelp)) {
    context.out(usageText());
    return 0;
  }
  if (entry === undefined) {
    context.err(`there is no command "${name}": see wechat-token-proxy --help\n`);
    return 2;
  }
  try {
    const command = await entry.load();
    return await command(flags, context);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    context.err(`${error.message}\n`);
    return 2;
  }
}
