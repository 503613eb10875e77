/** Medians, quartiles and paired ratios. */

export interface Spread {
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
}

/** @param fraction 0.5 is the median; linear between neighbours @returns NaN of nothing */
export function quantile(values: ArrayLike<number>, fraction: number): number {
  const sorted = Float64Array.from(values).toSorted();
  if (sorted.length === 0) return Number.NaN;
  const at = (sorted.length - 1) * fraction;
  const low = Math.floor(at);
  const below = sorted[low] as number;
  const above = sorted[Math.min(low + 1, sorted.length - 1)] as number;
  return below + (above - below) * (at - low);
}

export function spread(values: ArrayLike<number>): Spread {
  return {
    q1: quantile(values, 0.25),
    median: quantile(values, 0.5),
    q3: quantile(values, 0.75),
  };
}

/**
 * Each turn's figure divided by the same turn's figure of the other: what the machine did to both
 * cancels out.
 */
export function pairedRatios(values: readonly number[], reference: readonly number[]): number[] {
  const rounds = Math.min(values.length, reference.length);
  return Array.from(
    { length: rounds },
    (_, round) => (values[round] as number) / (reference[round] as number),
  );
}

/** The rounds, in their order, shared out among so many: `[[0, 1, 2], [3, 4]]`. */
export function sharedOut(rounds: number, among: number): readonly (readonly number[])[] {
  const each = Math.ceil(rounds / among);
  const all = Array.from({ length: rounds }, (_, round) => round);
  return Array.from({ length: Math.ceil(rounds / each) }, (_, share) =>
    all.slice(share * each, (share + 1) * each),
  );
}

/** The turns of these rounds, each round having so many: of rounds 1 and 2 with two each `[2, 3, 4, 5]`. */
export function turnsOf(rounds: readonly number[], each: number): readonly number[] {
  return rounds.flatMap((round) => Array.from({ length: each }, (_, turn) => round * each + turn));
}

/** A B C in even turns, C B A in odd ones: a drift hits everyone alike. */
export function interleaved<T>(items: readonly T[], turn: number): readonly T[] {
  return turn % 2 === 0 ? items : items.toReversed();
}
