/**
 * What WeChat's numbers mean to a proxy.
 * Source: https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
 */

/** On an API call: the app's token is bad. Other tokens' errors (42002, 61023, …) never count. */
const REJECTIONS: ReadonlySet<number> = new Set([40001, 40014, 42001]);

/** Whether an API call's errcode says that the app token it carried is bad. */
export function isRejection(errcode: number | undefined): boolean {
  return errcode !== undefined && REJECTIONS.has(errcode);
}

/** Answers of a token endpoint that no retry mends: somebody must change the account or its settings. */
const REFUSALS: ReadonlySet<number> = new Set([
  40001, 40002, 40013, 40125, 40164, 40243, 41002, 41004, 50002, 50004,
]);

/** 895xx: the calling IP waits for an administrator, or was refused by one. */
const isIpRefusal = (errcode: number): boolean => errcode >= 89_500 && errcode < 89_600;

/** Daily quota of token calls, reset at midnight in Beijing. */
export const DAILY_QUOTA = 45009;
/** Calls per minute. */
const MINUTE_QUOTA = 45011;

/** What a token endpoint's errcode means for whoever asked. An unknown code is taken for passing trouble. */
export function tokenFailure(errcode: number): 'refused' | 'quota' | 'busy' {
  if (REFUSALS.has(errcode) || isIpRefusal(errcode)) return 'refused';
  return errcode === DAILY_QUOTA || errcode === MINUTE_QUOTA ? 'quota' : 'busy';
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const BEIJING_OFFSET_MS = 8 * HOUR_MS;
/** How far our clock and WeChat's may be apart. */
const SKEW_MS = 10 * MINUTE_MS;

/**
 * How long to wait after `DAILY_QUOTA`: until the next midnight in Beijing (UTC+8, no daylight
 * saving). What is refused right after midnight is still yesterday's by WeChat's clock: a minute.
 * @param now epoch ms
 */
export function untilDailyQuotaMs(now: number): number {
  const sinceMidnightMs = (now + BEIJING_OFFSET_MS) % DAY_MS;
  return sinceMidnightMs < SKEW_MS ? MINUTE_MS : DAY_MS - sinceMidnightMs;
}
