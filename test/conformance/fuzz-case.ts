/** One connection's worth of bytes, made from a seed. */
import { mutate, mutateBytes } from './fuzz-mutations.ts';
import { Random } from './fuzz-random.ts';
import { offerUpgrade, render, validRequest } from './fuzz-requests.ts';

export interface FuzzCase {
  /** Whether nothing was changed: then every request must be served. */
  readonly pristine: boolean;
  /** One character per byte; sent one after the other. */
  readonly segments: readonly string[];
  /** How the client leaves. */
  readonly leaves: 'ends' | 'resets' | 'resets at once';
}

/** @param index of the case in the run of this seed */
export function fuzzCase(seed: number, index: number): FuzzCase {
  const random = new Random(seed * 1_000_003 + index);
  const pristine = random.once(5);
  let text = '';
  for (let n = 1 + random.int(4); n > 0; n--) {
    const id = `${index}-${n}`;
    const draft = validRequest(random, id);
    if (text === '' && random.once(8)) offerUpgrade(draft);
    if (!pristine) for (let times = random.int(3); times > 0; times--) mutate(draft, random, id);
    text += render(draft);
  }
  if (!pristine)
    for (let times = random.int(3); times > 0; times--) text = mutateBytes(text, random);
  return {
    pristine,
    segments: split(text, random),
    leaves: pristine
      ? 'ends'
      : random.once(10)
        ? 'resets at once'
        : random.once(5)
          ? 'resets'
          : 'ends',
  };
}

function split(text: string, random: Random): string[] {
  if (random.once(2)) return [text];
  if (text.length < 400 && random.once(8)) return [...text];
  const segments: string[] = [];
  let rest = text;
  for (let n = 1 + random.int(4); n > 0 && rest !== ''; n--) {
    // Between the bytes of a line's end, where it hurts most, or anywhere.
    const lineEnd = rest.indexOf('\r\n', random.int(rest.length));
    const at = random.once(2) && lineEnd !== -1 ? lineEnd + 1 : random.int(rest.length + 1);
    segments.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...segments, rest].filter((segment) => segment !== '');
}
