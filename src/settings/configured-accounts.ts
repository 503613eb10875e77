/** Which accounts the settings name, now and whenever the accounts file changes. */
import { watchFile } from '../account/watch-file.ts';
import type { AccountRegistry, ConfiguredAccounts } from '../account/registry.ts';
import type { AccountEntry } from './account-entry.ts';
import { readAccountsFile } from './accounts-file.ts';
import { SettingsError } from './settings-error.ts';
import type { Settings } from './settings.ts';
import type { Logger } from '../telemetry/logger.ts';
import { describeError } from '../telemetry/redact.ts';

/**
 * The default account is the one marked so in the accounts file, else `WECHAT_APPID`, else the only
 * one there is.
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
  const listed = new Set(credentials.map(({ appid }) => appid));
  if (account !== undefined && !listed.has(account.appid)) {
    credentials.unshift({ appid: account.appid, secret: account.secret, tokenApi });
  }
  if (credentials.length === 0) {
    const message = `${accountsFile ?? 'it'} names no account: a proxy without any can answer nothing`;
    throw new SettingsError([{ setting: 'WXPROXY_ACCOUNTS_FILE', message }]);
  }
  const only = credentials.length === 1 ? credentials[0]?.appid : undefined;
  return {
    credentials,
    defaultAppid: entries.find((entry) => entry.default)?.appid ?? account?.appid ?? only,
  };
}

/** Follows the accounts file. A broken one changes nothing and is said. @returns what ends it */
export function followAccounts(
  settings: Settings,
  logger: Logger,
  accounts: AccountRegistry,
): () => void {
  const { accountsFile } = settings;
  if (accountsFile === undefined) return () => {};
  return watchFile(accountsFile, () => {
    try {
      const entries = readAccountsFile(accountsFile, {
        secretsOptional: settings.tokenPeer !== undefined,
        onSecretFault: (message) => logger.warn(message),
      });
      const configured = configuredAccounts(settings, entries);
      accounts.replace(configured);
      void accounts.default?.tokens.start();
      logger.info({ accountsFile, accounts: configured.credentials.length }, 'accounts re-read');
    } catch (error) {
      logger.error(
        { accountsFile, err: describeError(error) },
        'the accounts file changed and is not right: the accounts stay as they were',
      );
    }
  });
}
