import type { Secret } from '../telemetry/secret.ts';
import type { AccountMetrics } from '../telemetry/account-metrics.ts';
import type { TokenManager } from '../token/manager.ts';
import type { TokenApi } from '../wechat/token-endpoints.ts';

/** What is configured for an appid. */
export interface Credentials {
  readonly appid: string;
  /** Absent where tokens come from a peer, which holds it. */
  readonly secret: Secret | undefined;
  readonly tokenApi: TokenApi;
}

/** An account in use: its credentials, its manager, its series. */
export interface Account {
  readonly appid: string;
  /** As configured at this moment. */
  readonly secret: Secret | undefined;
  readonly tokens: TokenManager;
  readonly metrics: AccountMetrics;
}
