/** Bounds on `force_refresh`, inside WeChat's own 20 a day and 30 s apart (getStableAccessToken). */
export const FORCE_BUDGET = { perDay: 18, apartMs: 30_000, dayMs: 24 * 3_600_000 } as const;

/**
 * Whether another `force_refresh` may be spent.
 * @param spent epoch ms of those spent before, oldest first
 */
export function mayForce(spent: readonly number[], now: number): boolean {
  const today = spent.filter((at) => now - at < FORCE_BUDGET.dayMs);
  // A moment that is still to come was written before the wall clock was set back: it only counts.
  const isSoon = today.some((at) => at <= now && now - at < FORCE_BUDGET.apartMs);
  return today.length < FORCE_BUDGET.perDay && !isSoon;
}
