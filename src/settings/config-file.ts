import { dirname, resolve } from 'node:path';
import { didYouMean } from './did-you-mean.ts';
import { formByKey } from './names.ts';
import type { Given, GivenBySource } from './given.ts';
import { isRecord, JsonTextError, parseJson, readText } from './json-text.ts';
import type { SettingsFault } from './settings-error.ts';

/**
 * Reads `{"listen": ":8080", "max-accounts": 500, "allow-paths": ["/wxa/**"], …}`. Relative paths
 * in it are meant from its own directory.
 */
export function readConfigFile(config: Given): GivenBySource {
  const path = resolve(config.text);
  let content: unknown;
  try {
    content = parseJson(readText(path));
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    return { given: [], faults: [fault(config.writtenAs, `${path} ${error.message}`)] };
  }
  if (!isRecord(content)) {
    const message = `${path} should hold a JSON object such as {"listen": "127.0.0.1:8080"}`;
    return { given: [], faults: [fault(config.writtenAs, message)] };
  }
  const given: Given[] = [];
  const faults: SettingsFault[] = [];
  for (const [key, value] of Object.entries(content)) {
    const writtenAs = `${key} in ${path}`;
    const form = formByKey.get(key);
    const text = asText(value);
    if (form === undefined) {
      const near = didYouMean(key, formByKey.keys());
      faults.push(fault(writtenAs, `is no setting of this program${near}; see --help`));
    } else if (key === 'config') {
      faults.push(fault(writtenAs, 'a config file cannot name another'));
    } else if (text === undefined) {
      faults.push(fault(writtenAs, 'should be a string, number, boolean or array of strings'));
    } else {
      given.push({ form, text, source: 'file', writtenAs, directory: dirname(path) });
    }
  }
  return { given, faults };
}

/** A list's entries hold no comma, or they would be taken for two. */
function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  const entries: unknown[] = value;
  const isList = entries.every((entry) => typeof entry === 'string' && !entry.includes(','));
  return isList ? entries.join(',') : undefined;
}

function fault(setting: string, message: string): SettingsFault {
  return { setting, message };
}
