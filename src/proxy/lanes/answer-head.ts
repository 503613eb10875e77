/** Reads the head of an HTTP/1.1 answer (RFC 9112 sections 4 to 6). What can be read in two ways is refused. */

/** An answer that is not HTTP/1.1 as RFC 9112 has it, or ended before its end. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

export interface ParsedHead {
  readonly status: number;
  /** The status line's phrase, one character per byte. */
  readonly reason: string;
  /** Flat list of names and values, one character per byte. */
  readonly rawHeaders: readonly string[];
  /** What the body is long: bytes, or how its end shows. */
  readonly body: number | 'chunked' | 'until-close';
  /** Whether the connection may carry another request. */
  readonly persistent: boolean;
  /** How long the upstream says to keep an idle connection (`Keep-Alive: timeout=…`). */
  readonly keepAliveMs: number | undefined;
}

/** RFC 9110 sections 5.5 and 5.6.2: no NUL, no lone CR or LF, no folded line. */
const TEXT = '[\\t\\x20-\\x7e\\x80-\\xff]*';
const FIELDS = `(?:[\\w!#$%&'*+.^\`|~-]+:${TEXT}\\r\\n)*`;
const ONLY_FIELDS = new RegExp(`^${FIELDS}$`);
const HEAD = new RegExp(`^HTTP/1\\.[01] [1-9]\\d\\d(?: ${TEXT})?\\r\\n${FIELDS}$`);
/** Of `HTTP/1.1 200 OK`. */
const VERSION_AT = 7;
const STATUS_AT = 9;
const REASON_AT = 13;
const DIGITS = /^\d{1,16}$/;
/** RFC 9110 sections 15.3.5 and 15.4.5. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

const TAB = 0x09;
const SPACE = 0x20;

/**
 * @param text status line and fields, each with its CRLF; one character per byte
 * @param toHead whether the request was a HEAD: its answer has no body, whatever it says
 * @throws {AnswerError}
 */
export function parseHead(text: string, toHead: boolean): ParsedHead {
  if (!HEAD.test(text)) throw new AnswerError('the answer is no HTTP/1.1');
  const isOld = text[VERSION_AT] === '0';
  const status = Number(text.slice(STATUS_AT, STATUS_AT + 3));
  const end = text.indexOf('\r\n');
  const rawHeaders = fieldsOf(text, end + 2);
  const { lengths, codings, connection, keepAlive } = framingFields(rawHeaders);
  const announced = bodyOf(lengths, codings, isOld);
  const isBodiless = BODILESS.has(status);
  const body = toHead || isBodiless || status < 200 ? 0 : announced;
  const closes = connection.includes('close') || (isOld && !connection.includes('keep-alive'));
  // Who announces a body where none can be may send one, which would be read as the next answer.
  const mayBeFollowed = isBodiless && announced !== 0 && announced !== 'until-close';
  return {
    status,
    reason: text.slice(REASON_AT, Math.max(end, REASON_AT)),
    rawHeaders,
    body,
    persistent: !closes && !mayBeFollowed && body !== 'until-close',
    keepAliveMs: keepAlive === undefined ? undefined : keepAliveMs(keepAlive),
  };
}

/**
 * @param text trailers, each with its CRLF; one character per byte
 * @returns flat list of names and values
 * @throws {AnswerError}
 */
export function parseTrailers(text: string): string[] {
  if (!ONLY_FIELDS.test(text)) throw new AnswerError('the trailers of the answer are none');
  return fieldsOf(text, 0);
}

/** @param text has been looked at: each line is a field @param at where the first one begins */
function fieldsOf(text: string, at: number): string[] {
  const fields: string[] = [];
  for (let from = at; from < text.length;) {
    const colon = text.indexOf(':', from);
    const end = text.indexOf('\r', colon);
    fields.push(text.slice(from, colon), withoutBlanks(text, colon + 1, end));
    from = end + 2;
  }
  return fields;
}

function withoutBlanks(text: string, from: number, to: number): string {
  let first = from;
  let end = to;
  while (first < end && isBlank(text.charCodeAt(first))) first++;
  while (end > first && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(first, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

interface FramingFields {
  lengths: string[];
  codings: string[];
  connection: string[];
  keepAlive: string | undefined;
}

const NONE: string[] = [];
const KEEP_ALIVE = ['keep-alive'];

/** Nearly every field is told apart by its length. */
function framingFields(raw: readonly string[]): FramingFields {
  const found: FramingFields = {
    lengths: NONE,
    codings: NONE,
    connection: NONE,
    keepAlive: undefined,
  };
  for (let i = 0; i < raw.length; i += 2) {
    const { length } = raw[i] as string;
    if (length !== 10 && length !== 14 && length !== 17) continue;
    const name = (raw[i] as string).toLowerCase();
    const value = raw[i + 1] as string;
    if (name === 'content-length') found.lengths = added(found.lengths, [value]);
    else if (name === 'transfer-encoding') found.codings = added(found.codings, listed(value));
    else if (name === 'connection') found.connection = added(found.connection, listed(value));
    else if (name === 'keep-alive') found.keepAlive = value;
  }
  return found;
}

function added(known: string[], more: string[]): string[] {
  return known.length === 0 ? more : [...known, ...more];
}

function listed(value: string): string[] {
  if (value === 'keep-alive') return KEEP_ALIVE; // nearly always
  return value
    .toLowerCase()
    .split(',')
    .map((member) => withoutBlanks(member, 0, member.length));
}

/** RFC 9112 section 6.3; where it lets a recipient guess, the answer is refused. */
function bodyOf(
  lengths: readonly string[],
  codings: readonly string[],
  isOld: boolean,
): ParsedHead['body'] {
  const [length] = lengths;
  if (lengths.length > 1) throw new AnswerError('the answer has several lengths');
  if (codings.length > 0 && (length !== undefined || isOld || codings.join() !== 'chunked'))
    throw new AnswerError('the length of the answer can be read in two ways');
  if (length !== undefined && !(DIGITS.test(length) && Number.isSafeInteger(Number(length))))
    throw new AnswerError('the length of the answer is no number');
  if (codings.length > 0) return 'chunked';
  return length === undefined ? 'until-close' : Number(length);
}

function keepAliveMs(value: string): number | undefined {
  const seconds = /(?:^|[,;\s])timeout\s*=\s*(\d{1,9})/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
