import { stat } from 'node:fs/promises';

/** Often enough for a person who waits for it; `fs.watch` misses the symbolic links of Kubernetes. */
const EVERY_MS = 2000;

/** Looks without a file after which it is gone for good. */
const MISSED_LOOKS = 2;

/**
 * Calls `changed` after a file has changed: its content, or the file that its name leads to.
 * A file that is gone for a moment (being replaced) is not a change; one that stays away is.
 * @param everyMs between two looks; it keeps no process alive
 * @returns what ends it
 */
export function watchFile(path: string, changed: () => void, everyMs = EVERY_MS): () => void {
  let seen: string | undefined;
  let looking = false;
  let missed = 0;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const now = `${mtimeMs} ${size} ${ino}`;
      const isChange = seen !== undefined && seen !== now;
      seen = now;
      missed = 0;
      if (isChange) changed();
    } catch {
      missed += 1;
      if (missed === MISSED_LOOKS) changed();
    } finally {
      looking = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
