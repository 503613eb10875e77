/** What Linux says of a process and its children. */
import { readdirSync, readFileSync } from 'node:fs';
import type { MemoryFigures } from './results.ts';

/** The process and every descendant it has now. */
function processTree(pid: number): number[] {
  const tree = [pid];
  for (const parent of tree) {
    for (const task of tasks(parent)) {
      const children = read(`/proc/${parent}/task/${task}/children`).trim();
      if (children !== '') tree.push(...children.split(' ').map(Number));
    }
  }
  return tree;
}

/**
 * User and system time of all threads of the tree, in ms. The scheduler's own count in nanoseconds,
 * of which `utime` and `stime` in /proc/PID/stat are the same in steps of 10 ms.
 */
export function cpuMs(pid: number): number {
  let ns = 0;
  for (const process of processTree(pid)) {
    for (const task of tasks(process)) ns += onCpuNs(process, task);
  }
  return ns / 1e6;
}

/** Of the main thread alone: in Node, the one of the event loop. */
export function mainThreadCpuMs(pid: number): number {
  return onCpuNs(pid, String(pid)) / 1e6;
}

function onCpuNs(pid: number, task: string): number {
  return Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ', 1)[0]);
}

export function memory(pid: number): MemoryFigures {
  let rssBytes = 0;
  let pssBytes = 0;
  for (const process of processTree(pid)) {
    const rollup = read(`/proc/${process}/smaps_rollup`);
    rssBytes += kibibytes(rollup, 'Rss') * 1024;
    pssBytes += kibibytes(rollup, 'Pss') * 1024;
  }
  return { rssBytes, pssBytes };
}

function kibibytes(rollup: string, name: string): number {
  return Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0);
}

function tasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Empty where the thread has ended in between. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
