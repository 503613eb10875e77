/** The accounts that the settings name, now and whenever the accounts file changes. */
import { Account, type Credentials } from '../account/account.ts';
import { AccountRegistry } from '../account/registry.ts';
import { readAccountsFile } from '../settings/accounts-file.ts';
import { configuredAccounts } from '../settings/configured-accounts.ts';
import type { Settings } from '../settings/settings.ts';
import { watchFile } from '../settings/watch-file.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { describeError } from '../telemetry/redact.ts';
import type { Clock } from '../token/clock.ts';
import { TokenManager } from '../token/manager.ts';
import type { TokenStore } from '../token/stores/store.ts';
import type { Sources } from './sources.ts';

interface AccountsParts {
  readonly sources: Sources;
  readonly store: TokenStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Each gets its token manager when it comes into use.
 * @throws {SettingsError} when the settings name none
 */
export function createAccounts(settings: Settings, parts: AccountsParts): AccountRegistry {
  const { sources, store, clock, logger, metrics } = parts;
  const activate = (current: () => Credentials): Account => {
    const { appid } = current();
    const series = metrics.account(appid);
    const tokens = new TokenManager({
      appid,
      source: sources.of(current),
      store,
      clock,
      metrics: series,
      logger,
      refreshWindowMs: settings.refreshWindowMs,
      tokenTimeoutMs: settings.tokenTimeoutMs,
      keepFresh: () => appid === accounts.defaultAppid,
    });
    return new Account(current, tokens, series);
  };
  const accounts = new AccountRegistry(configuredAccounts(settings, settings.accounts), {
    maxActive: settings.maxAccounts,
    activate,
    dispose(account) {
      account.tokens.close();
      account.metrics.dispose();
    },
  });
  return accounts;
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
      logger.info({ accountsFile, accounts: configured.size }, 'accounts re-read');
    } catch (error) {
      logger.error(
        { accountsFile, err: describeError(error) },
        'the accounts file changed and is not right: the accounts stay as they were',
      );
    }
  });
}
