import { dirname } from 'node:path';
import { AccountEntries } from './account-entries.ts';
import { isAppid, isPlain, readEntry } from './account-entry.ts';
import type { AccountEntry, EntryReader, PlainItem } from './account-entry.ts';
import { isRecord, JsonTextError, parseJson, readText } from './json-text.ts';
import { variableOf } from './names.ts';
import { SettingsError } from './settings-error.ts';
import type { SettingsFault } from './settings-error.ts';

const FILE = variableOf('accounts-file');

interface AccountsOptions {
  /** A token peer holds the secrets. */
  readonly secretsOptional?: boolean;
  /** Told when an account's secret file can later not be used any more. */
  readonly onSecretFault?: (message: string) => void;
}

/** @throws {SettingsError} with every fault of the file */
export function readAccountsFile(path: string, options: AccountsOptions = {}): AccountEntries {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    throw new SettingsError([{ setting: FILE, message: `${path} ${error.message}` }]);
  }
  return parseAccounts(text, dirname(path), options);
}

/**
 * Checked by hand and not by a schema: thousands of entries are read at the start, and again at every
 * change, while requests are served.
 * @param directory what a relative `appsecretFile` is meant from
 * @throws {SettingsError} with every fault, naming entries by index and appid
 */
export function parseAccounts(
  text: string,
  directory: string,
  options: AccountsOptions = {},
): AccountEntries {
  const reader: EntryReader = {
    directory,
    secretsOptional: options.secretsOptional === true,
    secretFiles: { lazy: true, ...(options.onSecretFault && { onFault: options.onSecretFault }) },
  };
  const items = parseArray(text);
  const byAppid = new Map<string, AccountEntry | PlainItem>();
  const faults: SettingsFault[] = [];
  let firsts: ReadonlyMap<unknown, number> | undefined;
  let firstDefault: number | undefined;
  let defaultAppid: string | undefined;

  const faultAt = (index: number) => (message: string) =>
    faults.push({ setting: nameOf(index, items[index]), message });
  // No loop: one of thousands is compiled while it runs, which costs the start more than it saves.
  items.forEach((item, index) => {
    const entry = isPlain(item) ? item : readEntry(item, reader, faultAt(index));
    if (entry === undefined) return;
    const before = byAppid.size;
    byAppid.set(entry.appid, entry);
    if (byAppid.size === before) {
      firsts ??= indexByAppid(items);
      faultAt(index)(`has the appid of entry ${firsts.get(entry.appid)}: keep one of the two`);
    }
    if (!isRecord(item) || item['default'] !== true) return;
    if (firstDefault === undefined) [firstDefault, defaultAppid] = [index, entry.appid];
    else faultAt(index)(`is a second default, after entry ${firstDefault}: keep one of the two`);
  });
  if (faults.length > 0) throw new SettingsError(faults);
  return new AccountEntries(byAppid, defaultAppid);
}

/** Where each appid comes first. */
function indexByAppid(items: readonly unknown[]): ReadonlyMap<unknown, number> {
  const indexed = items.map((item, index) => [isRecord(item) && item['appid'], index] as const);
  return new Map(indexed.toReversed());
}

function parseArray(text: string): unknown[] {
  let message = 'should hold an array such as [{"appid": "wx…", "appsecretFile": "…"}]';
  try {
    const content = parseJson(text);
    if (Array.isArray(content)) return content;
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    ({ message } = error);
  }
  throw new SettingsError([{ setting: FILE, message }]);
}

function nameOf(index: number, item: unknown): string {
  const appid = isRecord(item) && isAppid(item['appid']) ? ` (${item['appid']})` : '';
  return `${FILE} entry ${index}${appid}`;
}
