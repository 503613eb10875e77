import type { ConfiguredAccounts } from '../account/registry.ts';
import type { AccountEntry } from './account-entry.ts';
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
  entries: readonly AccountEntry[],
): ConfiguredAccounts {
  const credentials = entries.map((entry) => ({
    appid: entry.appid,
    secret: entry.secret,
    tokenApi: entry.tokenApi ?? tokenApi,
  }));
  if (account !== undefined && !credentials.some(({ appid }) => appid === account.appid)) {
    credentials.unshift({ appid: account.appid, secret: account.secret, tokenApi });
  }
  if (credentials.length === 0) {
    const message = `${accountsFile ?? 'it'} names no account: a proxy without any can answer nothing`;
    throw new SettingsError([{ setting: variableOf('accounts-file'), message }]);
  }
  const only = credentials.length === 1 ? credentials[0]?.appid : undefined;
  return {
    credentials,
    defaultAppid: entries.find((entry) => entry.default)?.appid ?? account?.appid ?? only,
  };
}
