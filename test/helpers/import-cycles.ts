// Import cycles, type imports included: two files that need each other are one file in two.
import type { SourceFacts, Violation } from './source-facts.ts';

/** One violation for each import that leads back to a file on the way to it. */
export function importCycles(files: readonly SourceFacts[]): readonly Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const found: Violation[] = [];
  const visit = (path: string, wayHere: readonly string[]): void => {
    const way = [...wayHere, path];
    for (const { line, target } of byPath.get(path)?.imports ?? []) {
      if (target === undefined || finished.has(target)) continue;
      const start = way.indexOf(target);
      if (start < 0) visit(target, way);
      else {
        const cycle = [...way.slice(start), target];
        found.push({ path, line, problem: `closes the cycle ${cycle.join(' → ')}` });
      }
    }
    finished.add(path);
  };
  for (const { path } of files) if (!finished.has(path)) visit(path, []);
  return found;
}
