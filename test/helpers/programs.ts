import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Test } from 'tap';

/** Programs that some tests need, and the Debian package that brings each. */
const debianPackages = {
  chromium: 'chromium',
  curl: 'curl',
  openssl: 'openssl',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  python3: 'python3',
  'redis-server': 'redis-server',
} as const;

export type Program = keyof typeof debianPackages;

/** What `requireProgram` looks at; the tests of it hand in their own. */
export type Environment = Readonly<Partial<Record<'CI' | 'PATH', string>>>;

/**
 * The path of a program that a test cannot do without. Where it is missing, the test is reported as
 * skipped, with the command that brings the program, and gets undefined: return then. With `CI=true`
 * it fails instead: there a skipped test would be a promise nobody checks.
 */
export function requireProgram(
  t: Pick<Test, 'fail' | 'pass'>,
  program: Program,
  { CI, PATH }: Environment = process.env,
): string | undefined {
  const path = (PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find(isExecutable);
  if (path !== undefined) return path;
  const missing = `${program} is not installed; on Debian: apt-get install ${debianPackages[program]}`;
  if (CI === 'true') t.fail(missing);
  else t.pass(program, { skip: missing });
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
