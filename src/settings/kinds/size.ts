import * as v from 'valibot';
import type { Kind } from './kind.ts';

const UNIT_BYTES: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Bytes. */
export function size(maxBytes: number, maxText: string): Kind<number> {
  return {
    label: '<size>',
    schema: v.pipe(
      v.string(),
      v.regex(
        /^\d{1,12}(?:\.\d{1,3})?(?:KiB|MiB|GiB)$|^\d{1,12}$/,
        'should be a size such as 512KiB, 12MiB, 1GiB or a plain number of bytes',
      ),
      v.transform(toBytes),
      v.maxValue(maxBytes, `should be at most ${maxText}`),
    ),
  };
}

function toBytes(text: string): number {
  const [, amount, unit = ''] = /^([\d.]+)(\w*)$/.exec(text) ?? [];
  return Math.round(Number(amount) * (UNIT_BYTES[unit] ?? 1));
}
