/** One at a time for each key, in the order they came. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Waits for its turn. @returns what ends it */
  async take(key: string): Promise<() => Promise<void>> {
    const before = this.#last.get(key);
    let end = (): void => {};
    const mine = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last.set(key, mine);
    await before;
    return () => {
      if (this.#last.get(key) === mine) this.#last.delete(key);
      end();
      return mine;
    };
  }
}
