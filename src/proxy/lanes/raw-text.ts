import type { Dispatcher } from 'undici';

/**
 * undici's raw header fields as text, one character per byte. Those of one read lie together and become text in
 * one call: one for each of them costs twice as much.
 */
export function rawText(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  const parts = (raw ?? []) as readonly Buffer[];
  const [first] = parts;
  if (first === undefined) return [];
  const { buffer, byteOffset: from } = first;
  const last = parts.at(-1) as Buffer;
  const to = last.buffer === buffer ? last.byteOffset + last.length : 0;
  const whole = Buffer.from(buffer, from, Math.max(to - from, 0)).toString('latin1');
  return parts.map((part) => {
    const at = part.byteOffset - from;
    const end = at + part.length;
    const isWithin = part.buffer === buffer && at >= 0 && end <= whole.length;
    return isWithin ? whole.slice(at, end) : part.toString('latin1');
  });
}
