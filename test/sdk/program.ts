import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** @returns what the program printed @throws when it fails, with what it said */
export async function output(program: string, args: readonly string[]): Promise<Buffer> {
  const { stdout } = await run(program, args, { encoding: 'buffer', timeout: 20_000 });
  return stdout;
}
