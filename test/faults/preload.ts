import { setTimeout as delay } from 'node:timers/promises';

/** The environment in which Node loads a module of this folder before the program. */
export function preloading(module: string): { readonly NODE_OPTIONS: string } {
  const { NODE_OPTIONS = '' } = process.env;
  return { NODE_OPTIONS: `${NODE_OPTIONS} --import=${new URL(module, import.meta.url).href}` };
}

/** @param pid of a program that was started with `collected.ts` */
export async function collect(pid: number): Promise<void> {
  process.kill(pid, 'SIGUSR2');
  await delay(500);
}
