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
import { ErrcodeScanner } from '../wechat/errcode-scanner.ts';

/** Compressed bytes after which an answer is taken for data: error answers compress to far less. */
const COMPRESSED_LIMIT_BYTES = 4096;
/** A prefix that inflates beyond this is no error answer. */
const INFLATED_LIMIT_BYTES = 64 * 1024;

const OPEN_BRACE = 0x7b;

type Decode = (bytes: Buffer) => Buffer;

const inflated = {
  finishFlush: constants.Z_SYNC_FLUSH,
  maxOutputLength: INFLATED_LIMIT_BYTES,
} as const;

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: (bytes) => gunzipSync(bytes, inflated),
  'x-gzip': (bytes) => gunzipSync(bytes, inflated),
  // RFC 9110 section 8.4.1.2: the zlib format; some servers send the bare stream.
  deflate: (bytes) =>
    ((bytes[0] as number) & 0x0f) === 8
      ? inflateSync(bytes, inflated)
      : inflateRawSync(bytes, inflated),
  br: (bytes) =>
    brotliDecompressSync(bytes, {
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
      maxOutputLength: INFLATED_LIMIT_BYTES,
    }),
};

export class Inspector {
  /** The top-level errcode, once found. */
  errcode: number | undefined;
  /** Whether nothing that still comes can change `errcode`. */
  decided = false;

  readonly #encoding: string;
  #scanner: ErrcodeScanner | undefined;
  #compressed: Buffer = Buffer.alloc(0);

  /** @param encoding the answer's Content-Encoding in lower case */
  constructor(encoding: string) {
    this.#encoding = encoding;
    if (encoding !== 'identity' && DECODERS[encoding] === undefined) this.decided = true;
  }

  /** Whether the answer so far reads as data that only might still turn out to be an error. */
  get looksLikeData(): boolean {
    return !this.decided && this.#scanner?.sawNested === true;
  }

  /** @param whole nothing comes after this chunk */
  push(chunk: Buffer, whole: boolean): void {
    if (this.decided) return;
    if (this.#encoding !== 'identity') return this.#pushCompressed(chunk);
    if (this.#scanner === undefined) {
      // Most answers are decided by one look: binary, or JSON that holds no such key at all.
      if (
        isCertainlyData(chunk[0]) ||
        (whole && !chunk.includes('errcode') && !chunk.includes('\\u'))
      ) {
        this.decided = true;
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
  #pushCompressed(chunk: Buffer): void {
    this.#compressed =
      this.#compressed.length === 0 ? chunk : Buffer.concat([this.#compressed, chunk]);
    const scanner = new ErrcodeScanner();
    try {
      scanner.push((DECODERS[this.#encoding] as Decode)(this.#compressed));
    } catch {
      scanner.end(); // not what its encoding says, or far too large: data, passed on as it is
    }
    this.#scanner = scanner;
    this.#conclude(scanner);
    if (this.#compressed.length > COMPRESSED_LIMIT_BYTES) this.decided = true;
  }
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
