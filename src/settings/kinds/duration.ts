import * as v from 'valibot';
import type { Kind } from './kind.ts';

const DURATION = /^(?:0|\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h))$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** Timers overflow at 24.8 days and then fire at once. */
const MAX_MS = 24 * 3_600_000;

/** Milliseconds. `0` needs no unit. */
export function duration(minMs: 0 | 1): Kind<number> {
  return {
    label: '<duration>',
    schema: v.pipe(
      v.string(),
      v.regex(DURATION, 'should be a number with a unit, such as 500ms, 30s, 5m or 1h'),
      v.transform(toMs),
      v.minValue(minMs, 'should be longer than zero'),
      v.maxValue(MAX_MS, 'should be at most 24h'),
    ),
  };
}

/** The milliseconds in a text such as `500ms`, `30s`, `5m`, `1h` or `0`; undefined in any other. */
export function durationMs(text: string): number | undefined {
  return DURATION.test(text) ? toMs(text) : undefined;
}

function toMs(text: string): number {
  const [, amount, unit = 'ms'] = /^([\d.]+)(\w*)$/.exec(text) ?? [];
  return Math.round(Number(amount) * (UNIT_MS[unit] ?? 1));
}
