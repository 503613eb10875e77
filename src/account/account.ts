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
export class Account {
  readonly appid: string;
  readonly tokens: TokenManager;
  readonly metrics: AccountMetrics;
  readonly #current: () => Credentials;

  /** @param current its credentials as they are at the moment of the call */
  constructor(current: () => Credentials, tokens: TokenManager, metrics: AccountMetrics) {
    this.appid = current().appid;
    this.tokens = tokens;
    this.metrics = metrics;
    this.#current = current;
  }

  /** As configured at this moment. */
  get secret(): Secret | undefined {
    return this.#current().secret;
  }
}
