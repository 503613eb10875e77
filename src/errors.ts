/**
 * Every failure an app can be shown, as one closed set.
 *
 * A `ProxyError` is what the request path throws; `proxy/error-response.ts` is the one place that
 * turns it into an answer. Its message says what happened and what to do, and never holds a token,
 * a secret or a query value.
 */

/** The codes of `x-wxproxy-error`, each with the HTTP status it is answered with unless told otherwise. */
const STATUS = {
  ERR_REQUEST_REFUSED: 400,
  ERR_CLIENT_KEY: 401,
  ERR_FORBIDDEN: 403,
  ERR_ACCOUNT_UNKNOWN: 404,
  ERR_LENGTH_REQUIRED: 411,
  ERR_MISDIRECTED: 421,
  ERR_LOOP: 508,
  ERR_TOKEN_REFUSED: 502,
  ERR_UPSTREAM_CONNECT: 502,
  ERR_UPSTREAM_RESET: 502,
  ERR_TOKEN_UNAVAILABLE: 503,
  ERR_DRAINING: 503,
  ERR_OVERLOADED: 503,
  ERR_UPSTREAM_TIMEOUT: 504,
  ERR_INTERNAL: 500,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** Codes after which trying again may help: answered with errcode −1 ("system busy"), which SDKs retry. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
  'ERR_UPSTREAM_CONNECT',
  'ERR_UPSTREAM_RESET',
  'ERR_TOKEN_UNAVAILABLE',
  'ERR_DRAINING',
  'ERR_OVERLOADED',
  'ERR_UPSTREAM_TIMEOUT',
]);

export interface ProxyErrorDetails {
  /** HTTP status, where it is not the code's usual one. */
  readonly status?: number;
  /** WeChat's own errcode, where WeChat refused us. */
  readonly errcode?: number;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterS?: number;
  /** What follows on the connection cannot be told apart from this request: it ends with the answer. */
  readonly closes?: boolean;
  /** The failure behind this one; for the log only. */
  readonly cause?: unknown;
}

export class ProxyError extends Error {
  override readonly name: string = 'ProxyError';
  readonly code: ErrorCode;
  readonly status: number;
  /** The `errcode` of the answer's body: WeChat's own, −1 or the HTTP status. */
  readonly errcode: number;
  readonly retryAfterS: number | undefined;
  readonly closes: boolean;

  constructor(code: ErrorCode, message: string, details: ProxyErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status ?? STATUS[code];
    this.errcode = details.errcode ?? (TRANSIENT.has(code) ? -1 : this.status);
    this.retryAfterS = details.retryAfterS ?? (this.status === 503 ? 1 : undefined);
    this.closes = details.closes ?? false;
  }
}

/** The app went away before its answer was whole. There is nobody left to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
  constructor() {
    super('the client closed its connection before the answer was complete');
  }
}
