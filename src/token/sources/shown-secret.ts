import type { Secret } from '../../telemetry/secret.ts';

/** The secret that a source proves itself with, and which one its last call showed. */
export class ShownSecret {
  readonly #current: () => Secret | undefined;
  #shown: string | undefined;

  /** @param current the secret as it is now: it may change, and so may its file */
  constructor(current: () => Secret | undefined) {
    this.#current = current;
  }

  /** @returns undefined where there is none @throws {SecretFileError} */
  show(): string | undefined {
    this.#shown = undefined;
    this.#shown = this.#current()?.reveal();
    return this.#shown;
  }

  hasChanged(): boolean {
    try {
      const now = this.#current()?.reveal();
      return now !== undefined && now !== this.#shown;
    } catch {
      return false; // unreadable as before
    }
  }
}
