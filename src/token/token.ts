/** An app token as the engine sees it. Immutable: a new value is a new token. */
export interface Token {
  readonly value: string;
  /** Epoch ms, counted from before the token was asked for: never later than WeChat means. */
  readonly expiresAt: number;
  /** +1 for each new value of an account; every rule of the engine hangs on it. */
  readonly generation: number;
}
