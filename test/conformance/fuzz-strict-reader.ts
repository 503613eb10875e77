/**
 * Reads requests as RFC 9112 defines them and nothing else: an opinion of what a client meant that
 * shares no code with the proxy. Where a message can be read in two ways, it ends there.
 */
export interface StrictRequest {
  readonly method: string;
  readonly target: string;
  /** Names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** One character per byte; what there is of it. */
  readonly body: string;
  readonly complete: boolean;
}

export interface StrictReading {
  /** In order; all but the last are complete. */
  readonly requests: readonly StrictRequest[];
  /** Whether every byte belongs to a complete request. */
  readonly clean: boolean;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) +([\\x21-\\x7e]+) +HTTP/1\\.([01])$`);
const FIELD_LINE = new RegExp(`^(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`);
const CHUNK_LINE = /^([0-9A-Fa-f]+)(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const MAX_LENGTH = 2n ** 64n;

/** @param text one character per byte */
export function readStrictly(text: string): StrictReading {
  const requests: StrictRequest[] = [];
  const cursor = new Cursor(text);
  for (;;) {
    cursor.skipEmptyLines();
    if (cursor.atEnd) return { requests, clean: true };
    const head = readHead(cursor);
    if (head === undefined) return { requests, clean: false };
    const body = readBody(cursor, head);
    if (body === undefined) return { requests, clean: false };
    const { method, target, fields } = head;
    requests.push({ method, target, fields, body: body.text, complete: body.complete });
    if (!body.complete) return { requests, clean: false };
    if (method === 'CONNECT' || isLast(head)) return { requests, clean: cursor.atEnd };
  }
}

interface Head extends Pick<StrictRequest, 'method' | 'target' | 'fields'> {
  readonly minor: '0' | '1';
}

class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** RFC 9112 section 2.2: before a request line, and nowhere else. */
  skipEmptyLines(): void {
    while (this.#text[this.#at] === '\r' || this.#text[this.#at] === '\n') this.#at++;
  }

  /** Up to CRLF; undefined where there is none, or a bare CR or LF comes first. */
  line(): string | undefined {
    const end = this.#text.indexOf('\r\n', this.#at);
    if (end === -1) return undefined;
    const line = this.#text.slice(this.#at, end);
    if (/[\r\n]/.test(line)) return undefined;
    this.#at = end + 2;
    return line;
  }

  take(length: number): string {
    const taken = this.#text.slice(this.#at, this.#at + length);
    this.#at += taken.length;
    return taken;
  }
}

function readHead(cursor: Cursor): Head | undefined {
  const match = REQUEST_LINE.exec(cursor.line() ?? '');
  if (match === null) return undefined;
  const fields = readFields(cursor);
  if (fields === undefined) return undefined;
  const [, method = '', target = '', minor] = match;
  return { method, target, fields, minor: minor as '0' | '1' };
}

function readFields(cursor: Cursor): StrictRequest['fields'] | undefined {
  const fields: [string, string][] = [];
  for (;;) {
    const line = cursor.line();
    if (line === undefined) return undefined;
    if (line === '') return fields;
    const match = FIELD_LINE.exec(line);
    if (match === null) return undefined;
    fields.push([(match[1] as string).toLowerCase(), (match[2] as string).replace(/[ \t]+$/, '')]);
  }
}

/** undefined: nobody can say where it ends. */
function readBody(
  cursor: Cursor,
  { fields, minor }: Head,
): { readonly text: string; readonly complete: boolean } | undefined {
  const codings = valuesOf(fields, 'transfer-encoding');
  const lengths = valuesOf(fields, 'content-length');
  if (codings.length > 0) {
    const isChunked = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked';
    return isChunked && lengths.length === 0 && minor === '1' ? readChunks(cursor) : undefined;
  }
  if (lengths.length === 0) return { text: '', complete: true };
  const [length = ''] = lengths;
  if (lengths.length > 1 || !/^\d+$/.test(length) || BigInt(length) >= MAX_LENGTH) return undefined;
  const text = cursor.take(Number(length));
  return { text, complete: text.length === Number(length) };
}

/** A body that breaks off, or breaks the rules, is one that never became complete. */
function readChunks(cursor: Cursor): { readonly text: string; readonly complete: boolean } {
  let text = '';
  for (;;) {
    const match = CHUNK_LINE.exec(cursor.line() ?? '');
    if (match === null) return { text, complete: false };
    const size = BigInt(`0x${match[1]}`);
    if (size >= MAX_LENGTH) return { text, complete: false };
    if (size === 0n) return { text, complete: readFields(cursor) !== undefined };
    const data = cursor.take(Number(size));
    text += data;
    if (data.length < Number(size) || cursor.take(2) !== '\r\n') return { text, complete: false };
  }
}

function isLast({ fields, minor }: Head): boolean {
  // The older name counts as well, with Node as with others.
  const options = ['connection', 'proxy-connection']
    .flatMap((name) => valuesOf(fields, name))
    .join(',')
    .split(',')
    .map((option) => option.trim().toLowerCase());
  return minor === '1' ? options.includes('close') : !options.includes('keep-alive');
}

export function valuesOf(fields: StrictRequest['fields'], name: string): readonly string[] {
  return fields.filter(([is]) => is === name).map(([, value]) => value);
}
