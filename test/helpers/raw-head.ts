/** A message's head read by hand: nothing is normalised. */
export interface RawHead {
  /** Names and values as they came, one character per byte. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The values of a field, whatever its casing. */
  readonly values: (name: string) => readonly string[];
}

export function headText(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/(?:\r?\n)+$/, '');
}

/** @param text the head without the empty line that ends it */
export function rawHead(text: string): RawHead & { readonly line: string } {
  const [line = '', ...rest] = text.split(/\r?\n/);
  const fields = rest.map((field) => {
    const colon = field.indexOf(':');
    return [field.slice(0, colon), field.slice(colon + 1).trim()] as const;
  });
  return {
    line,
    fields,
    values: (name) =>
      fields.filter(([is]) => is.toLowerCase() === name.toLowerCase()).map(([, value]) => value),
  };
}
