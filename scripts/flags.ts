/** The flags of a script that people start by hand. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

/** Prints the usage and ends for `--help`, or with exit code 2 for a flag there is not. */
export function readFlags<const Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
) {
  if (process.argv.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return endForWrongFlag((error as Error).message, usage);
  }
}

export function endForWrongFlag(why: string, usage: string): never {
  console.error(`${why}\n\n${usage}`);
  process.exit(2);
}
