import * as v from 'valibot';
import { nearest } from './did-you-mean.ts';
import { formByFlag, formByKey } from './names.ts';
import type { Form } from './names.ts';
import type { Given, GivenBySource } from './given.ts';
import type { SettingsFault } from './settings-error.ts';
import { boolean } from './kinds/scalars.ts';
import { table } from './table.ts';

/**
 * Reads `--name value`, `--name=value`, and `--name` alone where true or false is wanted.
 * No fault repeats a value: a mistyped flag may be followed by a secret.
 */
export function parseFlags(argv: readonly string[]): GivenBySource {
  const given = new Map<Form, Given>();
  const faults: SettingsFault[] = [];
  const fault = (setting: string, message: string) => faults.push({ setting, message });

  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    const { name, inline } = split(argument);
    const next = argv[index + 1];
    const form = formByFlag.get(name);
    if (form === undefined) {
      if (name === '') {
        fault(`argument ${index + 1}`, 'is no flag; every setting is given as --name value');
        continue;
      }
      fault(name, unknownFlag(name));
      if (inline === undefined && isItsValue(name, next)) index++;
      continue;
    }
    let text = inline;
    if (text === undefined && takes(form, next)) {
      text = next;
      index++;
    }
    text ??= isBoolean(form) ? 'true' : undefined;
    if (text === undefined) fault(name, `needs a value: ${name} ${table[form.setting].kind.label}`);
    else if (given.has(form)) fault(name, 'is given twice');
    else given.set(form, { form, text, source: 'flag', writtenAs: name });
  }
  return { given: [...given.values()], faults };
}

function split(argument: string): { name: string; inline: string | undefined } {
  if (!argument.startsWith('-') || argument === '--') return { name: '', inline: undefined };
  // A short flag may have its value glued on: nothing after its letter is kept.
  if (!argument.startsWith('--')) return { name: argument.slice(0, 2), inline: '' };
  const [name = '', ...rest] = argument.split('=');
  return { name, inline: rest.length === 0 ? undefined : rest.join('=') };
}

/** Whether the argument after an unknown flag is to be passed over with it. */
function isItsValue(name: string, next: string | undefined): boolean {
  if (next === undefined || formByFlag.has(split(next).name)) return false;
  const meant = formMeant(name);
  return (meant !== undefined && meant.flag === undefined) || !next.startsWith('-');
}

function isBoolean(form: Form): boolean {
  return table[form.setting].kind === boolean;
}

function takes(form: Form, next: string | undefined): boolean {
  if (next === undefined || next.startsWith('--')) return false;
  return !isBoolean(form) || v.is(boolean.schema, next);
}

function unknownFlag(name: string): string {
  const meant = formMeant(name);
  if (meant !== undefined && meant.flag === undefined) {
    return (
      'does not exist, because every user of a machine can read its command lines: ' +
      `use --${meant.key}-file <file>, or the variable ${meant.env}`
    );
  }
  const hint = meant === undefined ? '' : ` (did you mean ${meant.flag}?)`;
  return `is no flag of this program${hint}; see --help`;
}

/** People derive flags from the variables' names, secrets too. */
function formMeant(name: string): Form | undefined {
  return formByKey.get(
    nearest(name.replace(/^--(?:wechat-|wxproxy-)?/, ''), formByKey.keys()) ?? '',
  );
}
