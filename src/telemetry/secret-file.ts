import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';

const CHECK_INTERVAL_MS = 1000;
/** Far above any key: a larger file is another file, named by mistake. */
const MAX_FILE_BYTES = 64 * 1024;

export interface SecretFileOptions {
  /** Told once when the file can no longer be used, and again only after it was good in between. */
  readonly onFault?: (message: string) => void;
  /** The file is looked at no more often than this. Default 1000. */
  readonly checkIntervalMs?: number;
  /** Milliseconds from any origin. Default `performance.now`. */
  readonly now?: () => number;
  /** Read at the first `reveal()`; that the file can be read and is not empty is checked at once. */
  readonly lazy?: boolean;
}

/** A secret's file cannot be used. `reason` repeats neither its path nor its content. */
export class SecretFileError extends Error {
  override readonly name = 'SecretFileError';
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(`the secret file ${path} cannot be used: ${reason}`);
    this.reason = reason;
  }
}

/** A file that holds one secret, and whether it has changed since it was read. */
export class SecretFile {
  readonly #path: string;
  readonly #options: SecretFileOptions;
  #identity = '';
  #nextCheckAt = 0;
  #changes = true;
  #faulty = false;

  constructor(path: string, options: SecretFileOptions) {
    this.#path = path;
    this.#options = options;
  }

  /**
   * False for a pipe, which gives its content only once and to whom asks first.
   * @throws {SecretFileError} when a read would fail or find nothing
   */
  isReadableLater(): boolean {
    return this.#open((_descriptor, stats) => {
      if (stats.isFile() && stats.size === 0) throw new SecretFileError(this.#path, 'it is empty');
      return stats.isFile();
    });
  }

  /** @throws {SecretFileError} */
  read(): string {
    return this.#open((descriptor, stats) => {
      const text = readFileSync(descriptor, 'utf8');
      const value = text.replace(/^\uFEFF/, '').replace(/[\r\n]+$/, '');
      const fault = secretFault(value);
      if (fault !== undefined) throw new SecretFileError(this.#path, fault);
      // Taken before the content was read: a write in between shows as a change the next time.
      this.#identity = identityOf(stats);
      this.#changes = stats.isFile();
      this.#nextCheckAt = this.#now() + this.#checkIntervalMs();
      return value;
    });
  }

  /** Nothing when the file is as it was, was looked at a moment ago, or cannot be used. */
  readIfChanged(): string | undefined {
    if (!this.#changes || this.#now() < this.#nextCheckAt) return undefined;
    this.#nextCheckAt = this.#now() + this.#checkIntervalMs();
    try {
      const value = this.#isAsRead() ? undefined : this.read();
      this.#faulty = false;
      return value;
    } catch (error) {
      if (!(error instanceof SecretFileError)) throw error;
      if (!this.#faulty) this.#options.onFault?.(`${error.message}; its last value stays in use`);
      this.#faulty = true;
      return undefined;
    }
  }

  #isAsRead(): boolean {
    try {
      return identityOf(statSync(this.#path)) === this.#identity;
    } catch {
      return false;
    }
  }

  #open<T>(use: (descriptor: number, stats: Stats) => T): T {
    try {
      const descriptor = openSync(this.#path, 'r');
      try {
        const stats = fstatSync(descriptor);
        if (stats.size > MAX_FILE_BYTES) throw new SecretFileError(this.#path, 'it is too large');
        return use(descriptor, stats);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      if (error instanceof SecretFileError) throw error;
      throw new SecretFileError(this.#path, readFaultReason(error));
    }
  }

  #checkIntervalMs(): number {
    return this.#options.checkIntervalMs ?? CHECK_INTERVAL_MS;
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now();
  }
}

/** Why a text cannot be a secret, or nothing. Keys travel in HTTP headers: printable ASCII only. */
export function secretFault(text: string): string | undefined {
  if (PRINTABLE.test(text)) return undefined;
  if (text === '') return 'it is empty';
  if (/[\r\n]/.test(text)) return 'it holds more than one line';
  if (!/^[\x20-\x7e]*$/.test(text)) return 'it holds characters that are not printable ASCII';
  if (text.trim() !== text) return 'it begins or ends with a blank';
  return undefined;
}

/** ASCII without line breaks, and no blank at its ends. */
const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Why a file could not be read, in words, without its path or content. */
export function readFaultReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return REASONS.get(code) ?? `reading it failed (${code})`;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'there is no permission to read it'],
  ['EPERM', 'there is no permission to read it'],
  ['EISDIR', 'it is a directory'],
]);

function identityOf(stats: Stats): string {
  return `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}
