import { resolve } from 'node:path';
import * as v from 'valibot';
import { Secret } from '../telemetry/secret.ts';
import { SecretFileError } from '../telemetry/secret-file.ts';
import type { SecretFileOptions } from '../telemetry/secret-file.ts';
import type { Given } from './given.ts';
import type { Setting } from './setting.ts';
import { table } from './table.ts';

const MAX_SHOWN = 100;

type Parsed = { readonly value: unknown } | { readonly fault: string };

/** The value of a given text, or what came (unless secret) and what would be right. */
export function parseValue(given: Given, secretFiles: SecretFileOptions): Parsed {
  const { kind, secret }: Setting = table[given.form.setting];
  if (given.form.isFile) return readSecret(given, secretFiles);
  if (given.source === 'flag' && kind.holdsSecret?.(given.text) === true) {
    const other = `the variable ${given.form.env} or the config file`;
    return { fault: `holds a password, which every user of a machine can read here: use ${other}` };
  }
  const isRelative = kind.isPath === true && given.text !== '';
  const text = isRelative ? pathOf(given) : given.text;
  const result = v.safeParse(kind.schema, text, { abortPipeEarly: true });
  if (result.success) return { value: result.output };
  const right = result.issues[0].message;
  return { fault: secret === true ? right : `${right}, not ${shown(given)}` };
}

/** What of the text may be shown: nothing of a secret, no credentials of a URL. */
function shown({ form, text }: Given): string {
  const { kind } = table[form.setting] as Setting;
  const safe = kind.show?.(text) ?? text;
  return JSON.stringify(safe.length > MAX_SHOWN ? `${safe.slice(0, MAX_SHOWN)}…` : safe);
}

function readSecret(given: Given, options: SecretFileOptions): Parsed {
  if (given.text === '') return { fault: 'should be the path of a file that holds the secret' };
  try {
    return { value: Secret.fromFile(pathOf(given), options) };
  } catch (error) {
    if (!(error instanceof SecretFileError)) throw error;
    return { fault: `cannot use the file ${named(given.text)}: ${error.reason}` };
  }
}

function pathOf(given: Given): string {
  return resolve(given.directory ?? '.', given.text);
}

/** A path that does not look like one may be the secret itself, given to the wrong setting. */
function named(path: string): string {
  const looksLikePath = /^(?:\.{0,2}|~)\/|^[A-Za-z]:\\/.test(path);
  return looksLikePath ? JSON.stringify(path) : 'of that name (not shown: it is no absolute path)';
}
