/** What Linux says of a process. */
import { readdirSync, readFileSync } from 'node:fs';

export const SKIP = process.platform === 'linux' ? false : 'this system has no /proc';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Memory that the process really takes. */
export function residentBytes(pid: number): number {
  const [, kibibytes] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * KIB;
}

/** Open files and sockets. */
export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Linux counts in ticks of 10 ms for all programs, whatever it uses itself. */
const TICK_MS = 10;

/** Time it has spent computing, all threads. */
export function cpuMs(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [userTicks, systemTicks] = fields.split(' ').slice(11, 13).map(Number);
  return ((userTicks ?? 0) + (systemTicks ?? 0)) * TICK_MS;
}

/** The limit of open files that a program started here can have. */
export function mostDescriptors(): number {
  const [, hard] =
    /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return Number(hard ?? Infinity);
}
