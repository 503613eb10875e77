/** What a setting is called wherever it may be given: made from its name in the table. */
import { rows, type SettingName } from './table.ts';

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
  const env = variableOf(setting);
  if (!row.secret) return [flagged(setting, setting, env, false)];
  return [
    { setting, key: setting, env, isFile: false },
    flagged(setting, `${setting}-file`, `${env}_FILE`, true),
  ];
});

/** `WXPROXY_LISTEN` of `listen`; the credentials keep the names that they have everywhere. */
export function variableOf(name: SettingName): string {
  const prefix = name === 'appid' || name === 'appsecret' ? 'WECHAT_' : 'WXPROXY_';
  return prefix + name.replaceAll('-', '_').toUpperCase();
}

function flagged(setting: SettingName, key: string, env: string, isFile: boolean): Form {
  return { setting, key, env, isFile, flag: `--${key}` };
}

export const formByKey: ReadonlyMap<string, Form> = new Map(forms.map((form) => [form.key, form]));
export const formByEnv: ReadonlyMap<string, Form> = new Map(forms.map((form) => [form.env, form]));
export const formByFlag: ReadonlyMap<string, Form> = new Map(
  forms.flatMap((form) => (form.flag === undefined ? [] : [[form.flag, form] as const])),
);
