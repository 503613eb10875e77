/** Which requests a scripted fault or refusal is for, and how many of them. */

/** How many requests something applies to: a whole number from 1, or `forever`: until the reset. */
export type Times = number | 'forever';

/** Whether a path is the pattern, or begins with it when the pattern ends in `*`. */
export function matchesPath(pattern: string | undefined, path: string): boolean {
  if (pattern === undefined) return true;
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

/** @throws {RangeError} when it is neither a whole number from 1 nor `forever` */
export function timesOf(count: Times | undefined): number {
  if (count === undefined) return 1;
  if (count === 'forever') return Infinity;
  if (Number.isInteger(count) && count >= 1) return count;
  throw new RangeError('count: a whole number from 1, or "forever"');
}

/** @throws {RangeError} when it does not begin with a slash */
export function checkPattern(path: string | undefined): void {
  if (path === undefined || (typeof path === 'string' && path.startsWith('/'))) return;
  throw new RangeError(
    'path: the path of the calls meant, beginning with "/"; a final * is a wildcard',
  );
}
