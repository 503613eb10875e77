/** Below this a chunk is copied together with others, once there are many. */
const SMALL_BYTES = 1024;
/** Chunks kept as they came; hardly any body has more. */
const KEPT_CHUNKS = 64;
const SLAB_BYTES = 16 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * The bytes of a body while it arrives. An app may send it a byte at a time, and a `Buffer` weighs
 * hundreds of times the byte it holds: what is counted as held must be what is held.
 */
export class HeldBytes {
  /** Bytes so far. */
  length = 0;

  readonly #parts: Buffer[] = [];
  #slab = NOTHING;
  /** Bytes of the slab that are not in `#parts` yet: from, to. */
  #from = 0;
  #to = 0;

  add(chunk: Buffer): void {
    this.length += chunk.length;
    if (chunk.length >= SMALL_BYTES || this.#parts.length < KEPT_CHUNKS) {
      this.#seal();
      this.#parts.push(chunk);
      return;
    }
    if (this.#slab.length - this.#to < chunk.length) {
      this.#seal();
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#from = this.#to = 0;
    }
    this.#to += chunk.copy(this.#slab, this.#to);
  }

  /** In pieces, none of which was copied but for many small ones. */
  pieces(): readonly Buffer[] {
    this.#seal();
    return this.#parts;
  }

  whole(): Buffer {
    this.#seal();
    return this.#parts.length === 1
      ? (this.#parts[0] as Buffer)
      : Buffer.concat(this.#parts, this.length);
  }

  #seal(): void {
    if (this.#to > this.#from) this.#parts.push(this.#slab.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }
}
