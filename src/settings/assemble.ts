import type { AccountEntries } from './account-entries.ts';
import type { EffectiveSetting, Settings } from './settings.ts';
import type { Values } from './table.ts';

/** Names and groups the table's values as the program uses them. */
export function assemble(
  values: Values,
  accounts: AccountEntries,
  effective: readonly EffectiveSetting[],
): Settings {
  const { appid, appsecret } = values;
  const peerUrl = values['token-peer'];
  const peerKey = values['token-peer-key'];
  return {
    ...(appid && { account: { appid, ...(appsecret && { secret: appsecret }) } }),
    ...(values['accounts-file'] && { accountsFile: values['accounts-file'] }),
    accounts,
    upstream: values.upstream,
    upstreamInsecure: values['upstream-insecure'],
    maxAccounts: values['max-accounts'],
    listen: values.listen,
    adminListen: values['admin-listen'],
    tokenApi: values['token-api'],
    tokenStore: values['token-store'],
    ...(peerUrl && peerKey && { tokenPeer: { url: peerUrl, key: peerKey } }),
    tokenEndpoints: values['token-endpoints'],
    ...(values['client-key'] && { clientKey: values['client-key'] }),
    refreshWindowMs: values['refresh-window'],
    replayBodyLimitBytes: values['replay-body-limit'],
    replayMemoryLimitBytes: values['replay-memory-limit'],
    connectTimeoutMs: values['connect-timeout'],
    responseTimeoutMs: values['response-timeout'],
    idleTimeoutMs: values['idle-timeout'],
    tokenTimeoutMs: values['token-timeout'],
    maxConnections: values['max-connections'],
    allowPaths: values['allow-paths'] ?? [],
    denyPaths: values['deny-paths'] ?? [],
    allowHosts: values['allow-hosts'] ?? [],
    drainDelayMs: values['drain-delay'],
    drainTimeoutMs: values['drain-timeout'],
    logLevel: values['log-level'],
    logFormat: values['log-format'],
    effective,
  };
}
