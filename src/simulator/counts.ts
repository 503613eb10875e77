/** Token calls of one account. */
interface TokenCallCounts {
  /** `/cgi-bin/token`. */
  token: number;
  /** `/cgi-bin/stable_token` in normal mode. */
  stableNormal: number;
  /** `/cgi-bin/stable_token` with `force_refresh`, whether or not it refreshed. */
  stableForced: number;
}

/** Calls counted since the start or the last reset, as WeChat would see them. */
export interface Counts {
  /** Token calls of all accounts, also those refused or made for an unknown appid. */
  tokenCalls: number;
  /** Token calls answered with an errcode. */
  tokenCallsRefused: number;
  /** Calls whose app token is checked. */
  apiCalls: number;
  /** API calls whose token was refused, by the rules or by script. */
  rejectedCalls: number;
  /** Rejected calls by errcode. */
  readonly rejections: Record<string, number>;
  /** Requests answered with 412. */
  lengthRefused: number;
  /** Requests a scripted fault was used on. */
  faults: number;
  /** Token calls by appid, known appids only. */
  readonly accounts: Record<string, TokenCallCounts>;
}

export function newCounts(appids: Iterable<string>): Counts {
  return {
    tokenCalls: 0,
    tokenCallsRefused: 0,
    apiCalls: 0,
    rejectedCalls: 0,
    rejections: {},
    lengthRefused: 0,
    faults: 0,
    accounts: Object.fromEntries([...appids].map((appid) => [appid, newTokenCallCounts()])),
  };
}

export function newTokenCallCounts(): TokenCallCounts {
  return { token: 0, stableNormal: 0, stableForced: 0 };
}

export function countRejection(counts: Counts, errcode: number): void {
  counts.rejectedCalls += 1;
  counts.rejections[errcode] = (counts.rejections[errcode] ?? 0) + 1;
}
