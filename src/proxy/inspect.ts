/**
 * Asks an answer's first bytes for WeChat's errcode, without changing or owning them.
 */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
} from 'node:zlib';
import { ErrcodeScanner, errcodeAtSight } from '../wechat/errcode-scanner.ts';

/** Compressed bytes after which an answer is taken for data: error answers compress to far less. */
const COMPRESSED_LIMIT_BYTES = 4096;
/** A prefix that inflates beyond this is no error answer. */
const INFLATED_LIMIT_BYTES = 64 * 1024;

const OPEN_BRACE = 0x7b;
const NOTHING: Buffer = Buffer.alloc(0);

type Decode = (bytes: Buffer) => Buffer;

const inflated = {
  finishFlush: constants.Z_SYNC_FLUSH,
  maxOutputLength: INFLATED_LIMIT_BYTES,
} as const;

const gunzip: Decode = (bytes) => gunzipSync(bytes, inflated);

const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  [
    'deflate',
    // RFC 9110 section 8.4.1.2: the zlib format; some servers send the bare stream.
    (bytes) =>
      ((bytes[0] as number) & 0x0f) === 8
        ? inflateSync(bytes, inflated)
        : inflateRawSync(bytes, inflated),
  ],
  [
    'br',
    (bytes) =>
      brotliDecompressSync(bytes, {
        finishFlush: constants.BROTLI_OPERATION_FLUSH,
        maxOutputLength: INFLATED_LIMIT_BYTES,
      }),
  ],
]);

export class Inspector {
  /** The top-level errcode, once found. */
  errcode: number | undefined;
  /** Whether nothing that still comes can change `errcode`. */
  decided = false;

  readonly #decode: Decode | undefined;
  #scanner: ErrcodeScanner | undefined;
  #compressed = NOTHING;

  /**
   * @param encoding the answer's Content-Encoding in lower case. What it does not name is read as it
   *   comes: encoded bytes hardly read as JSON, and JSON under a wrong name is still an error.
   */
  constructor(encoding: string) {
    this.#decode = DECODERS.get(encoding);
  }

  /** Whether the answer so far reads as data that only might still turn out to be an error. */
  get looksLikeData(): boolean {
    return !this.decided && this.#scanner?.sawNested === true;
  }

  /** @param whole nothing comes after this chunk */
  push(chunk: Buffer, whole: boolean): void {
    if (this.decided) return;
    if (this.#decode !== undefined) return this.#pushCompressed(chunk, this.#decode);
    if (this.#scanner === undefined) {
      // Most answers are decided by one look.
      const seen = lookAt(chunk, whole);
      if (seen !== undefined) {
        this.decided = true;
        if (seen !== 'none') this.errcode = seen;
        return;
      }
      this.#scanner = new ErrcodeScanner();
    }
    this.#scanner.push(chunk);
    if (whole) this.#scanner.end();
    this.#conclude(this.#scanner);
  }

  /** The answer is complete. */
  end(): void {
    this.decided = true;
  }

  #conclude(scanner: ErrcodeScanner): void {
    this.decided = scanner.decided;
    this.errcode = scanner.errcode;
  }

  /** Decodes what has come so far anew with each chunk: prefixes are short, and no stream is left open. */
  #pushCompressed(chunk: Buffer, decode: Decode): void {
    this.#compressed =
      this.#compressed.length === 0 ? chunk : Buffer.concat([this.#compressed, chunk]);
    const scanner = new ErrcodeScanner();
    try {
      scanner.push(decode(this.#compressed));
    } catch {
      scanner.end(); // not what its encoding says, or far too large: data, passed on as it is
    }
    this.#scanner = scanner;
    this.#conclude(scanner);
    if (this.#compressed.length > COMPRESSED_LIMIT_BYTES) this.decided = true;
  }
}

/** @returns undefined where only the scanner can tell */
function lookAt(chunk: Buffer, whole: boolean): number | 'none' | undefined {
  if (isCertainlyData(chunk[0])) return 'none';
  return whole ? errcodeAtSight(chunk.toString('latin1')) : undefined;
}

/** Only a body that begins with `{`, perhaps behind a BOM or white space, can be an error. */
function isCertainlyData(first: number | undefined): boolean {
  return (
    first !== undefined &&
    first !== OPEN_BRACE &&
    first !== 0xef &&
    first !== 0x20 &&
    (first < 0x09 || first > 0x0d)
  );
}
