import { Buffer } from 'node:buffer';
import type { Simulator } from '../../src/simulator/simulator.ts';

/** A part of a value is a leak as well. */
const PART_CHARS = 20;

/** What must never come out, and all that came out. */
export class LeakSearch {
  /** By value, what it is. */
  readonly #secrets = new Map<string, string>();
  readonly #outputs: { readonly from: string; readonly text: string }[] = [];

  get outputs(): number {
    return this.#outputs.length;
  }

  get secrets(): number {
    return this.#secrets.size;
  }

  secret(what: string, value: string): void {
    this.#secrets.set(value, what);
  }

  /** Every app token that the simulator knows or was ever shown. */
  tokensOf(simulator: Simulator): void {
    for (const { token, stable_token: stable } of Object.values(simulator.state().accounts)) {
      for (const known of [token.current, token.previous, stable.current, stable.previous]) {
        if (known !== undefined) this.secret('an access_token', known.value);
      }
    }
    for (const { url } of simulator.requests) {
      if (url.startsWith('/sns/')) continue; // the token of a user
      const value = /[?&]access_token=(90_[^&]+)/.exec(url)?.[1];
      if (value !== undefined) this.secret('an access_token', value);
    }
  }

  output(from: string, text: string): void {
    this.#outputs.push({ from, text });
  }

  /** @returns `what in where` for each that was found; of a long value its beginning is enough */
  found(only: (from: string) => boolean = () => true): string[] {
    const leaks: string[] = [];
    for (const [value, what] of this.#secrets) {
      for (const { from, text } of this.#outputs) {
        if (only(from) && disguises(value).some((form) => text.includes(form))) {
          leaks.push(`${what} in ${from}`);
        }
      }
    }
    return leaks;
  }
}

function disguises(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value.slice(0, PART_CHARS),
    value.slice(-PART_CHARS),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}
