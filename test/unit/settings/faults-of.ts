import { loadSettings } from '../../../src/settings/load.ts';
import { SettingsError } from '../../../src/settings/settings-error.ts';
import type { SettingsFault } from '../../../src/settings/settings-error.ts';

/** The least that makes settings valid. */
export const ACCOUNT = {
  WECHAT_APPID: 'wx0123456789abcdef',
  WECHAT_APPSECRET: 'app-secret-value',
} as const;

/** What is wrong with these settings; throws when nothing is. */
export function faultsOf(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): readonly SettingsFault[] {
  return settingsError(() => loadSettings({ argv, env })).faults;
}

export function settingsError(load: () => unknown): SettingsError {
  try {
    load();
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error('these settings are valid');
}
