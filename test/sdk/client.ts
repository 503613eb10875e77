/** What an SDK or an HTTP client is given, and what the tests then ask of it. */

export interface Given {
  /** The one thing an app changes: where WeChat is. No slash at the end. */
  readonly baseUrl: string;
  readonly appid: string;
  /** What the app believes to be its AppSecret: never the real one. */
  readonly secret: string;
  /** For clients that have no SDK and so no placeholder to prove themselves with. */
  readonly headers: Readonly<Record<string, string>>;
  /** A folder of its own, for caches. */
  readonly folder: string;
}

export interface Upload {
  readonly path: string;
  readonly name: string;
  readonly bytes: Buffer;
}

export interface Call {
  readonly run: () => Promise<unknown>;
  /** What WeChat answers, as tap's `match` wants it. */
  readonly wanted: object;
}

export interface Client {
  /** Calls of the API by name, each sent once when run. */
  readonly calls: Readonly<Record<string, Call>>;
  /** A binary answer: a picture of the simulator's, which one it is, is said with it. */
  readonly download: () => Promise<Buffer>;
  readonly picture: 'jpeg' | 'png';
  /** Absent where it has none. */
  readonly upload?: (file: Upload) => Promise<unknown>;
  /** The same without a length known beforehand: `Transfer-Encoding: chunked`. */
  readonly uploadChunked?: (file: Upload) => Promise<unknown>;
  /** Exchanges a login code. Absent where it cannot. */
  readonly exchange?: (code: string) => Promise<unknown>;
  /** Everything it keeps between two calls, as text. */
  readonly memory: () => string;
}

export interface Subject {
  readonly name: string;
  /**
   * `fetches`: it gets itself a token, as SDKs do, and is given a placeholder. `none`: it sends no
   * token at all and names a second account in the path of its base URL.
   */
  readonly token: 'fetches' | 'none';
  readonly open: (given: Given) => Client;
}

/** Answers that several clients ask for. */
export const WANTED = {
  callbackIps: { ip_list: ['127.0.0.1', '127.0.0.2'] },
  users: { total: 2, count: 2 },
  user: { subscribe: 1, openid: 'oDEMO' },
  ok: { errcode: 0, errmsg: 'ok' },
} as const;
