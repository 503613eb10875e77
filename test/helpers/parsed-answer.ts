import { AnswerParser } from '../../src/proxy/lanes/answer-parser.ts';

/** What came of an answer. */
export interface Parsed {
  status: number;
  reason: string;
  headers: readonly string[];
  body: string;
  trailers: readonly string[];
  /** Whether all of it came. */
  whole: boolean;
  /** How many of the pieces it took. */
  pieces: number;
  /** Whether the connection may carry another request. */
  reusable: boolean;
  /** Why it was refused. */
  error?: string;
}

/**
 * Reads an answer.
 * @param pieces what comes at once each time, one character per byte
 * @param ends whether the connection ends then
 */
export function parsed(pieces: Iterable<string>, { toHead = false, ends = false } = {}): Parsed {
  const found: Parsed = {
    status: 0,
    reason: '',
    headers: [],
    body: '',
    trailers: [],
    whole: false,
    pieces: 0,
    reusable: false,
  };
  const reader = {
    head(status: number, reason: string, headers: readonly string[]): void {
      Object.assign(found, { status, reason, headers });
    },
    data(chunk: Buffer): void {
      found.body += chunk.toString('latin1');
    },
    end(trailers: readonly string[]): void {
      found.trailers = trailers;
      found.whole = true;
    },
  };
  const parser = new AnswerParser(reader, toHead);
  // As a connection does it: the bytes of one read are those of the next one too.
  const bytes = Buffer.alloc(64 * 1024);
  try {
    for (const piece of pieces) {
      if (!found.whole) found.pieces++;
      bytes.fill('#');
      for (let at = 0; at < piece.length; at += bytes.length)
        parser.push(bytes, bytes.write(piece.slice(at, at + bytes.length), 'latin1'));
    }
    if (ends) parser.finish();
  } catch (error) {
    found.error = (error as Error).message;
  }
  found.reusable = parser.reusable;
  return found;
}
