import { dirname } from 'node:path';
import { AccountEntries } from './account-entries.ts';
import { isAppid, isPlain, readEntry } from './account-entry.ts';
import type { AccountEntry, EntryReader, PlainItem } from './account-entry.ts';
import { isRecord, JsonTextError, parseJson, readText } from './json-text.ts';
import { variableOf } from './names.ts';
import { SettingsError } from './settings-error.ts';

const FILE = variableOf('accounts-file');

interface AccountsOptions {
  /** A token peer holds the secrets. */
  readonly secretsOptional?: boolean;
  /** Told when an account's secret file can later not be used any more. */
  readonly onSecretFault?: (message: string) => void;
}

interface EntryFault {
  readonly index: number;
  readonly message: string;
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
  const others: number[] = [];
  // No loop: one of thousands is compiled while it runs, which costs the start more than it saves.
  items.forEach((item, index) => {
    if (isPlain(item)) byAppid.set(item.appid, item);
    else others.push(index);
  });
  const faults: EntryFault[] = [];
  let nameless = 0;
  for (const index of others) {
    const entry = readEntry(items[index], reader, (message) => faults.push({ index, message }));
    if (entry === undefined) nameless += 1;
    else byAppid.set(entry.appid, entry);
  }
  const repetitions = byAppid.size < items.length - nameless ? repeated(items) : [];
  const [first, ...more] = others.filter((index) => isDefault(items[index]));
  const message = `is a second default, after entry ${first}: keep one of the two`;
  const all = [...faults, ...repetitions, ...more.map((index) => ({ index, message }))];
  if (all.length > 0) throw faultsOf(items, all);
  return new AccountEntries(byAppid, first === undefined ? undefined : appidOf(items[first]));
}

/** Each entry that has the appid of one before it. */
function repeated(items: readonly unknown[]): EntryFault[] {
  const firsts = new Map<string, number>();
  return items.flatMap((item, index) => {
    const appid = appidOf(item);
    if (appid === undefined) return [];
    const first = firsts.get(appid);
    if (first === undefined) firsts.set(appid, index);
    return first === undefined
      ? []
      : [{ index, message: `has the appid of entry ${first}: keep one of the two` }];
  });
}

/** In the order of the entries. */
function faultsOf(items: readonly unknown[], faults: readonly EntryFault[]): SettingsError {
  const sorted = faults.toSorted((one, other) => one.index - other.index);
  return new SettingsError(
    sorted.map(({ index, message }) => ({ setting: nameOf(index, items[index]), message })),
  );
}

function appidOf(item: unknown): string | undefined {
  return isRecord(item) && isAppid(item['appid']) ? item['appid'] : undefined;
}

/** One that has no appid is none: that it has none is what is wrong with it. */
function isDefault(item: unknown): boolean {
  return isRecord(item) && item['default'] === true && appidOf(item) !== undefined;
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
  const appid = appidOf(item);
  return `${FILE} entry ${index}${appid === undefined ? '' : ` (${appid})`}`;
}
