import { describeSettings } from '../settings/describe.ts';
import { environment } from '../settings/environment.ts';
import { loadSettings } from '../settings/load.ts';
import type { CommandContext } from './command.ts';

/** Prints the settings in force, secrets blanked; every fault at once where there are some. */
export function checkConfig(argv: readonly string[], { out }: CommandContext): Promise<number> {
  out(`${describeSettings(loadSettings({ argv, env: environment() }))}\n`);
  return Promise.resolve(0);
}
