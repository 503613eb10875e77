import type { ConfiguredAccounts } from '../account/registry.ts';
import type { AccountEntries } from './account-entries.ts';
import { variableOf } from './names.ts';
import { SettingsError } from './settings-error.ts';
import type { Settings } from './settings.ts';

/**
 * Which accounts the settings name. The default account is the one marked so in the accounts file,
 * else `WECHAT_APPID`, else the only one there is.
 * @throws {SettingsError} when there is none
 */
export function configuredAccounts(
  { account, accountsFile, tokenApi }: Settings,
  entries: AccountEntries,
): ConfiguredAccounts {
  const own = account !== undefined && !entries.has(account.appid) ? account : undefined;
  const size = entries.size + (own === undefined ? 0 : 1);
  if (size === 0) {
    const message = `${accountsFile ?? 'it'} names no account: a proxy without any can answer nothing`;
    throw new SettingsError([{ setting: variableOf('accounts-file'), message }]);
  }
  const [only] = size === 1 ? entries.appids() : [];
  return {
    size,
    defaultAppid: entries.defaultAppid ?? account?.appid ?? only,
    has: (appid) => appid === own?.appid || entries.has(appid),
    get(appid) {
      if (appid === own?.appid) return { appid: own.appid, secret: own.secret, tokenApi };
      const entry = entries.get(appid);
      return entry && { ...entry, tokenApi: entry.tokenApi ?? tokenApi };
    },
  };
}
