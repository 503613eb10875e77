/**
 * Finds the **top-level** `errcode` of an answer while its first bytes arrive.
 *
 * WeChat's error answers are small JSON objects, sent with any Content-Type, perhaps behind a BOM or
 * white space, with `errcode` anywhere among the top-level keys and as a number or a string. An
 * `errcode` deeper down belongs to somebody else, and what does not read as a JSON object is data.
 * `JSON.parse` is no help: the answer is not complete yet, may hold raw control characters, and is
 * not to be held back longer than the question needs.
 */

/** Decoded bytes after which an answer without a top-level errcode is taken for data. */
const SCAN_LIMIT_BYTES = 4096;

/** How WeChat begins an answer that is about its errcode. */
const ERRCODE_FIRST = /^\{"errcode":(-?\d{1,9})[,}]/;

/**
 * What one look at a whole answer tells: its errcode, that it has none, or (undefined) that it must be
 * scanned. Never says anything else than the scanner would.
 */
export function errcodeAtSight(text: string): number | 'none' | undefined {
  const errcode = ERRCODE_FIRST.exec(text)?.[1];
  if (errcode !== undefined) return Number(errcode);
  // The key can be written with escapes, too.
  return text.includes('errcode') || text.includes('\\u') ? undefined : 'none';
}

const State = {
  start: 0,
  firstKey: 1,
  nextKey: 2,
  key: 3,
  colon: 4,
  value: 5,
  string: 6,
  literal: 7,
  nested: 8,
  nestedString: 9,
  errcodeValue: 10,
  errcodeDigits: 11,
  afterValue: 12,
  done: 13,
} as const;
type State = (typeof State)[keyof typeof State];

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BOM = [0xef, 0xbb, 0xbf] as const;

export class ErrcodeScanner {
  /** The errcode once found; 0 too is one. */
  errcode: number | undefined;
  /** Whether a nested object or array has begun: an answer that is hardly an error. */
  sawNested = false;

  #state: State = State.start;
  #scanned = 0;
  #depth = 0;
  #escaped = false;
  #key: number[] = [];
  #digits = '';
  #quoted = false;

  /** Nothing that may still come can change the answer. */
  get decided(): boolean {
    return this.#state === State.done;
  }

  /** Takes the next decoded bytes. @returns whether the question is decided now. */
  push(bytes: Uint8Array): boolean {
    for (let i = 0; i < bytes.length && this.#state !== State.done; i++) {
      if (this.#scanned === SCAN_LIMIT_BYTES) return this.#finish();
      this.#step(bytes[i] as number);
      this.#scanned++;
    }
    return this.decided;
  }

  /** The answer is complete: what was not found by now is not there. */
  end(): void {
    this.#finish();
  }

  #finish(): true {
    this.#state = State.done;
    return true;
  }

  #step(byte: number): void {
    switch (this.#state) {
      case State.start:
        if (isSpace(byte) || (this.#scanned < 3 && byte === BOM[this.#scanned])) return;
        if (byte !== 0x7b /* { */) this.#finish();
        else this.#state = State.firstKey;
        return;
      case State.firstKey:
      case State.nextKey:
        if (isSpace(byte)) return;
        if (byte !== QUOTE) return void this.#finish();
        this.#key = [];
        this.#state = State.key;
        return;
      case State.key:
        if (!this.#endsString(byte)) return void this.#key.push(byte);
        this.#state = State.colon;
        return;
      case State.colon:
        if (isSpace(byte)) return;
        if (byte !== 0x3a /* : */) return void this.#finish();
        this.#state = isErrcodeKey(this.#key) ? State.errcodeValue : State.value;
        return;
      case State.value:
        if (!isSpace(byte)) this.#beginValue(byte);
        return;
      case State.string:
        if (this.#endsString(byte)) this.#state = State.afterValue;
        return;
      case State.literal:
        if (!isLiteral(byte)) this.#afterValue(byte);
        return;
      case State.nested:
        return this.#insideNested(byte);
      case State.nestedString:
        if (this.#endsString(byte)) this.#state = State.nested;
        return;
      case State.errcodeValue:
        if (isSpace(byte)) return;
        if (byte === QUOTE && !this.#quoted) this.#quoted = true;
        else this.#errcodeDigit(byte);
        return;
      case State.errcodeDigits:
        return this.#errcodeDigit(byte);
      case State.afterValue:
        return this.#afterValue(byte);
    }
  }

  #beginValue(byte: number): void {
    if (byte === QUOTE) this.#state = State.string;
    else if (byte === 0x7b || byte === 0x5b /* { [ */) {
      this.#state = State.nested;
      this.#depth = 1;
      this.sawNested = true;
    } else if (isLiteral(byte)) this.#state = State.literal;
    else this.#finish();
  }

  #insideNested(byte: number): void {
    if (byte === QUOTE) this.#state = State.nestedString;
    else if (byte === 0x7b || byte === 0x5b) this.#depth++;
    else if (byte === 0x7d || byte === 0x5d /* } ] */) {
      if (--this.#depth === 0) this.#state = State.afterValue;
    } else if (!isSpace(byte) && !isLiteral(byte) && byte !== 0x2c && byte !== 0x3a) this.#finish();
  }

  #afterValue(byte: number): void {
    if (isSpace(byte)) this.#state = State.afterValue;
    else if (byte === 0x2c /* , */) this.#state = State.nextKey;
    else this.#finish();
  }

  #errcodeDigit(byte: number): void {
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if ((isDigit || (byte === 0x2d && this.#digits === '')) && this.#digits.length < 12) {
      this.#digits += String.fromCharCode(byte);
      this.#state = State.errcodeDigits;
      return;
    }
    const ends = this.#quoted ? byte === QUOTE : isSpace(byte) || byte === 0x2c || byte === 0x7d;
    if (ends && /\d$/.test(this.#digits)) this.errcode = Number(this.#digits);
    this.#finish();
  }

  /** Whether `byte` closes the string that is being read. */
  #endsString(byte: number): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else return byte === QUOTE;
    return false;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** A byte of a number, `true`, `false` or `null`. */
function isLiteral(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  );
}

function isErrcodeKey(key: readonly number[]): boolean {
  const text = String.fromCharCode(...key);
  if (!text.includes('\\')) return text === 'errcode';
  try {
    return JSON.parse(`"${text}"`) === 'errcode';
  } catch {
    return false; // a key that JSON cannot read is not ours
  }
}
