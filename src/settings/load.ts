import * as v from 'valibot';
import { AccountEntries } from './account-entries.ts';
import { readAccountsFile } from './accounts-file.ts';
import { assemble } from './assemble.ts';
import { choose } from './choose.ts';
import type { Choice } from './choose.ts';
import { readConfigFile } from './config-file.ts';
import { crossCheck } from './cross-checks.ts';
import { effectiveSettings } from './describe.ts';
import { parseFlags } from './flags.ts';
import type { ListenAddress } from './kinds/listen-address.ts';
import { variableOf } from './names.ts';
import { parseValue } from './parse-value.ts';
import { SettingsError } from './settings-error.ts';
import type { SettingsFault } from './settings-error.ts';
import type { Settings } from './settings.ts';
import { rows, type SettingName, type Values } from './table.ts';
import { readVariables } from './variables.ts';

interface LoadInput {
  /** Without the program and the command word. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Told when the file of a secret can later not be used any more. */
  readonly onSecretFault?: (message: string) => void;
}

/**
 * Flag beats variable beats config file beats default. Reads the files that settings name, and
 * nothing else.
 * @throws {SettingsError} with everything that is wrong
 */
export function loadSettings({ argv, env, onSecretFault }: LoadInput): Settings {
  const choice = chooseAll(argv, env);
  const { values, faults } = parseRows(rows, choice, onSecretFault);

  const isGiven = (name: SettingName) => choice.chosen.has(name);
  const accounts = readAccounts(values, isGiven('token-peer'), onSecretFault);
  const all = [
    ...choice.faults,
    ...faults,
    ...crossCheck({ values, isGiven, env }),
    ...accounts.faults,
  ];
  if (all.length > 0) throw new SettingsError(all);
  // Without a fault no row is missing from the values.
  return assemble(values as Values, accounts.entries, effectiveSettings(choice.chosen));
}

/**
 * Where the admin listener of a proxy with these settings is. Of the files that they name only the
 * config file is read: the others may have gone since the proxy read them, and it lives on.
 * @throws {SettingsError} with an address that is wrong, and with what is no setting at all
 */
export function loadAdminListen({ argv, env }: LoadInput): ListenAddress {
  const choice = chooseAll(argv, env);
  const adminRow = rows.filter(([name]) => name === 'admin-listen');
  const { values, faults } = parseRows(adminRow, choice, undefined);
  const all = [...choice.faults, ...faults];
  if (all.length > 0) throw new SettingsError(all);
  return (values as Values)['admin-listen'];
}

function chooseAll(argv: LoadInput['argv'], env: LoadInput['env']): Choice {
  const sources = [parseFlags(argv), readVariables(env)];
  const config = choose(sources).chosen.get('config');
  if (config !== undefined) sources.push(readConfigFile(config));
  return choose(sources);
}

function parseRows(
  parsedRows: typeof rows,
  choice: Choice,
  onSecretFault: LoadInput['onSecretFault'],
) {
  const values: Record<string, unknown> = {};
  const faults: SettingsFault[] = [];
  const secretFiles = onSecretFault === undefined ? {} : { onFault: onSecretFault };
  for (const [name, row] of parsedRows) {
    const given = choice.chosen.get(name);
    if (given === undefined) {
      if (row.default !== undefined) values[name] = v.parse(row.kind.schema, row.default);
      continue;
    }
    const parsed = parseValue(given, secretFiles);
    if ('value' in parsed) values[name] = parsed.value;
    else faults.push({ setting: given.writtenAs, message: parsed.fault });
  }
  // Each value came from its own row's schema.
  return { values: values as Partial<Values>, faults };
}

function readAccounts(
  values: Partial<Values>,
  secretsOptional: boolean,
  onSecretFault: LoadInput['onSecretFault'],
): { readonly entries: AccountEntries; readonly faults: readonly SettingsFault[] } {
  const path = values['accounts-file'];
  if (path === undefined) return { entries: new AccountEntries(), faults: [] };
  try {
    const entries = readAccountsFile(path, {
      secretsOptional,
      ...(onSecretFault !== undefined && { onSecretFault }),
    });
    if (values.appid === undefined || !entries.has(values.appid)) return { entries, faults: [] };
    const message = 'has an account in WXPROXY_ACCOUNTS_FILE too: keep one of the two';
    return { entries, faults: [{ setting: variableOf('appid'), message }] };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { entries: new AccountEntries(), faults: error.faults };
  }
}
