import type { Test } from 'tap';
import * as v from 'valibot';
import type { Kind } from '../../../../src/settings/kinds/kind.ts';

export interface Texts {
  readonly kind: Kind<unknown>;
  readonly good: readonly (readonly [text: string, value: unknown])[];
  /** The issue says what would be right. */
  readonly bad: readonly (readonly [text: string, right: RegExp])[];
}

/** Tests of a kind: its good texts are read, its bad ones told what would be right. */
export function testTexts(t: Test, name: string, { kind, good, bad }: Texts): void {
  t.test(`${name}: its good texts are read, its bad ones told what would be right`, (t) => {
    for (const [text, value] of good) t.strictSame(v.parse(kind.schema, text), value, text);
    for (const [text, right] of bad) {
      const { issues = [] } = v.safeParse(kind.schema, text, { abortPipeEarly: true });
      t.match(issues[0]?.message, right, JSON.stringify(text));
    }
    t.end();
  });
}
