/** Moves the clocks of a program under test, see `movable-clock.ts`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { until } from '../helpers/proxy.ts';
import { preloading } from './preload.ts';

export interface MovedClock {
  /** What the program has to be started with. */
  readonly env: Readonly<Record<string, string>>;
  /** Its wall clock, epoch ms. */
  now(): number;
  /** Moves both clocks, or each by its own; back when the program has noticed. */
  advance(wallMs: number, monotonicMs?: number): Promise<void>;
}

/** @param startsAt what the wall clock says at first, epoch ms; the machine's time unless given */
export function movedClock(t: Test, startsAt = Date.now()): MovedClock {
  const folder = mkdtempSync(join(tmpdir(), 'wxproxy-clock-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'clock');
  let wallMs = startsAt - Date.now();
  let monotonicMs = 0;
  const write = (): string => {
    const text = `${wallMs} ${monotonicMs}\n`;
    writeFileSync(file, text);
    return text;
  };
  write();
  return {
    env: { WXTEST_CLOCK: file, ...preloading('movable-clock.ts') },
    now: () => Date.now() + wallMs,
    async advance(wall, monotonic = wall) {
      wallMs += wall;
      monotonicMs += monotonic;
      const text = write();
      await until(() => readFileSync(`${file}.seen`, 'utf8') === text, 'the program has noticed');
    },
  };
}
