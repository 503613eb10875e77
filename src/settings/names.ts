import { rows } from './table.ts';
import type { SettingName } from './table.ts';

/** One way to give a setting: its text, or, for a secret, the path of a file with its text. */
export interface Form {
  readonly setting: SettingName;
  /** Name of the config file's member, and of the flag without its dashes. */
  readonly key: string;
  readonly env: string;
  /** The text is the path of a file that holds the secret. */
  readonly isFile: boolean;
  /** A secret itself has none: every user of a machine can read its command lines. */
  readonly flag?: `--${string}`;
}

/** Every form of every setting, in the table's order. */
export const forms: readonly Form[] = rows.flatMap(([setting, row]): Form[] => {
  if (!row.secret) return [flagged(setting, setting, row.env, false)];
  return [
    { setting, key: setting, env: row.env, isFile: false },
    flagged(setting, `${setting}-file`, `${row.env}_FILE`, true),
  ];
});

function flagged(setting: SettingName, key: string, env: string, isFile: boolean): Form {
  return { setting, key, env, isFile, flag: `--${key}` };
}

export const formByKey: ReadonlyMap<string, Form> = new Map(forms.map((form) => [form.key, form]));
export const formByEnv: ReadonlyMap<string, Form> = new Map(forms.map((form) => [form.env, form]));
export const formByFlag: ReadonlyMap<string, Form> = new Map(
  forms.flatMap((form) => (form.flag === undefined ? [] : [[form.flag, form] as const])),
);
