/** Random choices that a seed repeats. */
export class Random {
  #state: number;

  /** @param seed any integer; neighbours give unrelated choices */
  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    this.next();
  }

  /** In [0, 1). Mulberry32: 32 bits of state are enough for a case. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** In [0, below). */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** True once in `in` times. */
  once(inTimes: number): boolean {
    return this.int(inTimes) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(from.length)] as T;
  }

  /** Text of `length` bytes, any of them. */
  bytes(length: number): string {
    let text = '';
    for (let n = 0; n < length; n++) text += String.fromCharCode(this.int(256));
    return text;
  }
}
