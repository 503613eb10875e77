/** What `status.json` holds; the page draws it. Times are epoch ms. */
export interface Status {
  readonly now: number;
  readonly version: string;
  readonly uptimeMs: number;
  readonly ready: boolean;
  readonly why: string;
  readonly requestsInFlight: number;
  readonly upstream: Health;
  readonly store: Health;
  /** Between two points of a plot. */
  readonly everyMs: number;
  readonly accounts: readonly AccountStatus[];
  /** Accounts in use beyond those listed. */
  readonly moreAccounts: number;
}

export interface Health {
  readonly ok: boolean;
  readonly words: string;
}

export interface AccountStatus {
  readonly appid: string;
  readonly issuedAt: number | undefined;
  readonly expiresAt: number | undefined;
  readonly lastRefresh:
    { readonly at: number; readonly trigger: string; readonly outcome: string } | undefined;
  /** In WeChat's own words where it refused. */
  readonly lastError: { readonly at: number; readonly message: string } | undefined;
  /** Counts per interval, oldest first. */
  readonly requests: readonly number[];
  readonly replays: readonly number[];
}
