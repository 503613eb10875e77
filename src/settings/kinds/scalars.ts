import * as v from 'valibot';
import type { Kind } from './kind.ts';

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', '0'].map((word) => [word, false] as const),
]);

export const boolean: Kind<boolean> = {
  label: '<true|false>',
  schema: v.pipe(
    v.string(),
    v.check((text) => BOOLEANS.has(text.toLowerCase()), 'should be true or false'),
    v.transform((text) => BOOLEANS.get(text.toLowerCase()) === true),
  ),
};

export function integer(min: number, max: number): Kind<number> {
  const right = `should be a whole number from ${min} to ${max}`;
  return {
    label: '<number>',
    schema: v.pipe(
      v.string(),
      v.regex(/^\d{1,15}$/, right),
      v.transform(Number),
      v.minValue(min, right),
      v.maxValue(max, right),
    ),
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    label: `<${choices.join('|')}>`,
    choices,
    schema: v.picklist(choices, `should be one of ${choices.join(', ')}`),
  };
}

/**
 * Seen in the wild: `wx` or `gh` and 16 hex digits; nothing promises it stays so. But `none` is what metrics
 * call calls without an account.
 */
export const APPID = /^(?!none$)[A-Za-z0-9]{4,64}$/;

export const appid: Kind<string> = {
  label: '<appid>',
  schema: v.pipe(v.string(), v.regex(APPID, 'should be 4 to 64 letters and digits')),
};

export const filePath: Kind<string> = {
  label: '<file>',
  isPath: true,
  schema: v.pipe(v.string(), v.minLength(1, 'should be the path of a file')),
};
