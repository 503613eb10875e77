/**
 * The stand-in token that SDKs are given: it names its account and, where there is a client key,
 * proves that it was handed out against that key.
 *
 * Made from the appid and the key alone, so it is the same after a restart and on every replica.
 * SDKs want 33 to 512 characters of `[A-Za-z0-9_-]`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../telemetry/secret.ts';
import { decoded } from './inject.ts';

const SHAPE = /wxp-([A-Za-z0-9]{4,64})-([A-Za-z0-9_-]{43})/;

export interface PlaceholderClaim {
  readonly appid: string;
  /** The whole placeholder, as far as it could be told from its surroundings. */
  readonly value: string;
}

/** The placeholder in a raw `access_token` value, however an SDK has mangled what surrounds it. */
export function findPlaceholder(value: string): PlaceholderClaim | undefined {
  const match = SHAPE.exec(value.includes('%') ? decoded(value) : value);
  return match === null ? undefined : { appid: match[1] as string, value: match[0] };
}

export class Placeholders {
  readonly #key: Secret | undefined;
  /** For the key of the moment; a changed key empties it. */
  readonly #made = new Map<string, string>();
  #madeWith = '';

  constructor(key: Secret | undefined) {
    this.#key = key;
  }

  /** @param appid of a configured account */
  for(appid: string): string {
    const placeholder = this.#make(appid);
    this.#made.set(appid, placeholder);
    return placeholder;
  }

  /** Whether the placeholder was handed out against this key; compared in constant time. */
  isGenuine({ appid, value }: PlaceholderClaim): boolean {
    const placeholder = this.#make(appid);
    const expected = Buffer.from(placeholder);
    const given = Buffer.from(value);
    const genuine = expected.length === given.length && timingSafeEqual(expected, given);
    // Only what proved to be one is remembered: appids can be invented without end.
    if (genuine) this.#made.set(appid, placeholder);
    return genuine;
  }

  #make(appid: string): string {
    const key = this.#key?.reveal() ?? '';
    if (key !== this.#madeWith) {
      this.#made.clear();
      this.#madeWith = key;
    }
    const made = this.#made.get(appid);
    if (made !== undefined) return made;
    const proof = createHmac('sha256', key)
      .update(`wechat-token-proxy placeholder 1 ${appid}`)
      .digest('base64url');
    return `wxp-${appid}-${proof}`;
  }
}
