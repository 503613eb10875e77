/** Whether a figure grows over time: a fitted line and how sure it is, not the look of a curve. */

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

export interface Fit {
  /** What the line rises by from the first sample to the last one. */
  readonly growth: number;
  /** Ends of the 95 % confidence interval of `growth`. */
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

/** Half the width of a 95 % interval, in standard errors, where there are many samples. */
const Z = 1.96;

/**
 * Least squares. Samples that follow on each other resemble each other (a heap fills and is
 * collected), so they count for fewer than they are: n (1 − r) / (1 + r), r the correlation of
 * neighbouring residuals.
 * @throws {RangeError} fewer than 4 samples, or all at one time
 */
export function fitSlope(samples: readonly Sample[]): Fit {
  const n = samples.length;
  if (n < 4) throw new RangeError('a slope needs 4 samples');
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / n;
  const meanAt = mean(({ atMs }) => atMs);
  const meanValue = mean(({ value }) => value);
  const spread = n * mean(({ atMs }) => (atMs - meanAt) ** 2);
  if (spread === 0) throw new RangeError('a slope needs samples of different times');
  const slope = (n * mean(({ atMs, value }) => (atMs - meanAt) * (value - meanValue))) / spread;
  const residuals = samples.map(({ atMs, value }) => value - meanValue - slope * (atMs - meanAt));
  const squares = residuals.reduce((sum, residual) => sum + residual ** 2, 0);
  const effective = Math.max(n * dependence(residuals, squares), 3);
  const error = Math.sqrt(squares / n / ((effective - 2) * (spread / n)));
  // Few samples, wider tails: Student's t by its first correction to the normal distribution.
  const t = Z + (Z ** 3 + Z) / (4 * (effective - 2));
  const rangeMs =
    Math.max(...samples.map(({ atMs }) => atMs)) - Math.min(...samples.map(({ atMs }) => atMs));
  return {
    growth: slope * rangeMs,
    low: (slope - t * error) * rangeMs,
    high: (slope + t * error) * rangeMs,
    samples: n,
  };
}

/** By how much samples that resemble their neighbours count for less. In (0, 1]. */
function dependence(residuals: readonly number[], squares: number): number {
  if (squares === 0) return 1;
  let products = 0;
  for (let i = 1; i < residuals.length; i++) {
    products += (residuals[i] as number) * (residuals[i - 1] as number);
  }
  const r = Math.min(Math.max(products / squares, 0), 0.99);
  return (1 - r) / (1 + r);
}

/** Whether it surely grows, and by more than `tolerated` from the first sample to the last one. */
export function grows({ growth, low }: Fit, tolerated: number): boolean {
  return low > 0 && growth > tolerated;
}
