import type { Secret } from '../telemetry/secret.ts';
import type { AccountEntries } from './account-entries.ts';
import type { ListenAddress } from './kinds/listen-address.ts';
import type { TokenStoreSetting } from './kinds/token-store.ts';
import type { Values } from './table.ts';

export type SettingSource = 'flag' | 'env' | 'file' | 'default';

/** What the program runs by. Every field was validated; durations are ms, sizes bytes. */
export interface Settings {
  /** Its secret is missing only where a token peer holds it. */
  readonly account?: { readonly appid: string; readonly secret?: Secret };
  /** Absolute path. */
  readonly accountsFile?: string;
  /** What the accounts file held when the settings were loaded; `followAccounts` reads it again. */
  readonly accounts: AccountEntries;
  /** An origin: no path, query or credentials. */
  readonly upstream: URL;
  readonly upstreamInsecure: boolean;
  readonly maxAccounts: number;
  readonly listen: ListenAddress;
  readonly adminListen: ListenAddress;
  readonly tokenApi: Values['token-api'];
  readonly tokenStore: TokenStoreSetting;
  /** An origin, as `upstream`, and what proves us to it. */
  readonly tokenPeer?: { readonly url: URL; readonly key: Secret };
  readonly tokenEndpoints: Values['token-endpoints'];
  readonly clientKey?: Secret;
  readonly refreshWindowMs: number;
  readonly replayBodyLimitBytes: number;
  readonly replayMemoryLimitBytes: number;
  readonly connectTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly tokenTimeoutMs: number;
  readonly maxConnections: number;
  /** Patterns as configured; none means all paths. */
  readonly allowPaths: readonly string[];
  readonly denyPaths: readonly string[];
  /** As configured; none means the loopback names and the listen host. */
  readonly allowHosts: readonly string[];
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  readonly logLevel: Values['log-level'];
  readonly logFormat: Values['log-format'];
  /** For `describeSettings`: one entry per setting, in the table's order. */
  readonly effective: readonly EffectiveSetting[];
}

/** A setting as `check-config` shows it. */
export interface EffectiveSetting {
  readonly env: string;
  /** As written, secrets blanked; absent when not set. */
  readonly value?: string;
  readonly source: SettingSource;
}
