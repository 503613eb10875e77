/** ` (did you mean X?)` for the nearest of the known names, or nothing when none is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const meant = nearest(name, known);
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
}

/** The known name with the fewest letters changed: at most four, and at most a third of them. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const limit = Math.min(4, Math.floor(name.length / 3));
  let found: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < least) [found, least] = [candidate, distance];
  }
  return found;
}

/** Levenshtein, one row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const inserted = (current[column - 1] ?? 0) + 1;
      const deleted = (previous[column] ?? 0) + 1;
      current.push(Math.min(replaced, inserted, deleted));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
