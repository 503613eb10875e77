/** Settings as the docs show them, and what the program makes of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../src/settings/load.ts';
import { formByEnv } from '../../src/settings/names.ts';
import { SettingsError } from '../../src/settings/settings-error.ts';
import { parseFlags } from '../../src/settings/flags.ts';

export type Variables = Readonly<Record<string, string>>;

/** Ours are these; all others are somebody else's. */
const OURS = /\b(?:WXPROXY|WECHAT)_[A-Z]+(?:_[A-Z]+)*\b/g;

/** Read by an app, not by us. */
const OF_APPS: ReadonlySet<string> = new Set(['WECHAT_BASE_URL']);

/** The names among them that are no settings. */
export function unknownNames(text: string): readonly string[] {
  return [...new Set(text.match(OURS))].filter(
    (name) => !formByEnv.has(name) && !OF_APPS.has(name),
  );
}

/**
 * What is wrong with a command line of the program, its name taken off. Files of secrets need not be
 * there; where no account is set, only the flags are looked at.
 */
export function settingsFaults(argv: readonly string[], env: Variables): readonly string[] {
  const given = Object.keys(env).some((name) => formByEnv.has(name));
  if (!given) return parseFlags(argv).faults.map(({ setting, message }) => `${setting} ${message}`);
  const folder = mkdtempSync(join(tmpdir(), 'wxproxy-docs-'));
  try {
    loadSettings({ argv, env: withSecretFiles(env, folder) });
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.faults.map(({ setting, message }) => `${setting} ${message}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withSecretFiles(env: Variables, folder: string): Record<string, string> {
  const secret = join(folder, 'secret');
  const accounts = join(folder, 'accounts.json');
  writeFileSync(secret, 'made-up-0123456789\n');
  writeFileSync(accounts, '[{"appid":"wxfedcba9876543210","appsecret":"made-up"}]');
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => {
      if (name === 'WXPROXY_ACCOUNTS_FILE') return [name, accounts];
      return [name, formByEnv.get(name)?.isFile ? secret : value];
    }),
  );
}

/** The variables in lines of `NAME=value`. */
export function variablesOf(lines: string): Variables {
  return Object.fromEntries(
    [...lines.matchAll(/\b([A-Z][A-Z0-9_]*)=(\S+)/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}
