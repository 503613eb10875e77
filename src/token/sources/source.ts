import type { TokenFailure } from '../../telemetry/labels.ts';
import type { TokenApi } from '../../wechat/token-endpoints.ts';

/** Issues tokens: one call, one answer, nothing remembered. */
export interface TokenSource {
  readonly name: TokenApi | 'peer';
  /**
   * Whether every call issues a new token and retires the one before (`token`), so that a rejection
   * long before expiry means that somebody else made a call.
   */
  readonly rotates: boolean;
  /** Whether `force` gives another token where a normal call gives the same one again. */
  readonly canForce: boolean;
  /** Whether what proves us is another secret than the last call showed: a file of it was mended. */
  readonly hasChanged?: () => boolean;
  /** @throws {TokenCallError} */
  fetch(request: TokenRequest): Promise<IssuedToken>;
}

export interface TokenRequest {
  /** Ask for another token even though the current one has not expired. */
  readonly force: boolean;
  /** The value WeChat rejected, where that is why we ask. */
  readonly rejected?: string | undefined;
  /** The `Via` of the instance that asked us, if one did: a circle of peers is found by it. */
  readonly via?: string | undefined;
  /**
   * Other replicas may be asking at the same time, and nothing keeps us apart: retire nobody's
   * token, even where the source's calls usually do.
   */
  readonly uncoordinated?: boolean;
}

export interface IssuedToken {
  readonly value: string;
  /** Remaining life at the moment of the answer. */
  readonly expiresInMs: number;
  /** The source gave no usable life: `expiresInMs` is a cautious guess. */
  readonly guessedLife?: boolean;
}

/** A token call that gave no token. */
export class TokenCallError extends Error {
  override readonly name: string = 'TokenCallError';
  readonly reason: TokenFailure;
  /** WeChat's own code, where it answered with one. */
  readonly errcode: number | undefined;

  constructor(
    reason: TokenFailure,
    message: string,
    details: { errcode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.errcode = details.errcode;
  }

  /** Whatever else fails on the way to a token is the store's fault. */
  static of(error: unknown): TokenCallError {
    return error instanceof TokenCallError
      ? error
      : new TokenCallError('store', 'the token store failed', { cause: error });
  }
}

/** Peers ask each other in a circle: none of them will ever have a token. */
export class PeerCircleError extends TokenCallError {
  override readonly name = 'PeerCircleError';

  constructor(message: string) {
    super('refused', message);
  }
}
