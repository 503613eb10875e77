import { stat } from 'node:fs/promises';

/** Often enough for a person who waits for it; `fs.watch` misses the symbolic links of Kubernetes. */
const EVERY_MS = 2000;

/**
 * Calls `changed` after a file has changed: its content, or the file that its name leads to.
 * A file that is gone for a moment (being replaced) is not a change. @returns what ends it
 */
export function watchFile(path: string, changed: () => void, everyMs = EVERY_MS): () => void {
  let seen: string | undefined;
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const now = `${mtimeMs} ${size} ${ino}`;
      const isChange = seen !== undefined && seen !== now;
      seen = now;
      if (isChange) changed();
    } catch {
      // Not there now: what was read last stays in force, and a new file will differ.
    } finally {
      looking = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
