import { hash, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import { SecretFile } from './secret-file.ts';
import type { SecretFileOptions } from './secret-file.ts';

const BLANK = '[secret]';

/**
 * A value that cannot be printed: string conversion, JSON and `util.inspect` all give `[secret]`.
 * Only `reveal()` gives the value.
 */
export class Secret {
  #value: string | undefined;
  #digest: Buffer | undefined;
  readonly #file: SecretFile | undefined;

  private constructor(value: string | undefined, file?: SecretFile) {
    this.#value = value;
    this.#file = file;
  }

  static of(value: string): Secret {
    return new Secret(value);
  }

  /**
   * The content of a file, without its trailing line break, read again when the file changes.
   * A file that is later missing, empty or unusable leaves the last good value in place.
   * @throws {SecretFileError} when the file cannot be used now
   */
  static fromFile(path: string, options: SecretFileOptions = {}): Secret {
    const file = new SecretFile(path, options);
    const canWait = options.lazy === true && file.isReadableLater();
    return new Secret(canWait ? undefined : file.read(), file);
  }

  /** @throws {SecretFileError} only for a lazy file that became unusable before its first read */
  reveal(): string {
    const current = this.#value === undefined ? this.#file?.read() : this.#file?.readIfChanged();
    if (current !== undefined && current !== this.#value) {
      this.#value = current;
      this.#digest = undefined;
    }
    return this.#value ?? '';
  }

  /**
   * Compares digests in constant time: neither content nor length shows in the timing.
   * @throws {SecretFileError} as `reveal()` does
   */
  equals(candidate: string): boolean {
    const own = this.reveal();
    this.#digest ??= hash('sha256', own, 'buffer');
    return timingSafeEqual(this.#digest, hash('sha256', candidate, 'buffer'));
  }

  toString(): string {
    return BLANK;
  }

  toJSON(): string {
    return BLANK;
  }

  [inspect.custom](): string {
    return BLANK;
  }
}
