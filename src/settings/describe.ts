import { resolve } from 'node:path';
import type { Given } from './given.ts';
import type { EffectiveSetting, Settings } from './settings.ts';
import { variableOf } from './names.ts';
import type { Setting } from './setting.ts';
import { rows, type SettingName } from './table.ts';

const SOURCES = {
  flag: 'flag',
  env: 'environment',
  file: 'config file',
  default: 'default',
} as const;

/** For people: one line per setting with its value, secrets blanked, and where it came from. */
export function describeSettings({ effective }: Settings): string {
  const lines = effective.map(({ env, value = '(not set)', source }) => ({ env, value, source }));
  const envWidth = Math.max(0, ...lines.map((line) => line.env.length));
  const valueWidth = Math.max(0, ...lines.map((line) => Math.min(line.value.length, 40)));
  return lines
    .map((line) =>
      [line.env.padEnd(envWidth), line.value.padEnd(valueWidth), SOURCES[line.source]].join('  '),
    )
    .join('\n');
}

/** What `Settings.effective` holds: every setting of the table as written, secrets blanked. */
export function effectiveSettings(
  chosen: ReadonlyMap<SettingName, Given>,
): readonly EffectiveSetting[] {
  return rows.map(([name, row]): EffectiveSetting => {
    const given = chosen.get(name);
    const value = given === undefined ? (row.default ?? row.unset) : showable(row, given);
    return {
      env: given?.form.env ?? variableOf(name),
      ...(value !== undefined && { value }),
      source: given?.source ?? 'default',
    };
  });
}

function showable(row: Setting, { form, text, directory = '.' }: Given): string {
  if (form.isFile) return `[secret] from ${resolve(directory, text)}`;
  if (row.secret === true) return '[secret]';
  if (row.kind.isPath === true) return resolve(directory, text);
  return row.kind.show?.(text) ?? text;
}
