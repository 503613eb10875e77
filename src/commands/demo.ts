import type { CommandContext } from './command.ts';

export function demo(_argv: readonly string[], _context: CommandContext): Promise<number> {
  return Promise.resolve(1);
}
