import { readFileSync } from 'node:fs';

/** What the process needs besides connections: its libraries, listeners, files, the token calls. */
const OWN = 48;

/**
 * How many connections of apps there may be, so that descriptors are left for those to the upstream:
 * an app that connects and cannot be served is worse off than one that is turned away at once.
 * @param limit of open files and sockets of the process
 * @param upstream connections to it at most
 */
export function connectionBudget(limit: number, upstream: number): number {
  const free = Math.max(limit - OWN, 0);
  // Where there are few, each app may come to leave an idle connection on either lane.
  return Math.max(free - upstream, Math.floor(free / 3), 8);
}

/** @returns the process's limit of open files and sockets; Infinity where it is not known */
export function descriptorLimit(): number {
  try {
    const [, limit] =
      /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Number(limit ?? Infinity);
  } catch {
    return Infinity; // there is no /proc: the system itself will say when it is enough
  }
}
