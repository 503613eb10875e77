import { Secret } from '../telemetry/secret.ts';
import type { AccountEntry, PlainItem } from './account-entry.ts';

/** The accounts of an accounts file. All are checked; a plain one is made when it is asked for. */
export class AccountEntries {
  readonly #byAppid: Map<string, AccountEntry | PlainItem>;
  readonly defaultAppid: string | undefined;

  constructor(byAppid: Map<string, AccountEntry | PlainItem> = new Map(), defaultAppid?: string) {
    this.#byAppid = byAppid;
    this.defaultAppid = defaultAppid;
  }

  get size(): number {
    return this.#byAppid.size;
  }

  appids(): Iterable<string> {
    return this.#byAppid.keys();
  }

  has(appid: string): boolean {
    return this.#byAppid.has(appid);
  }

  /** The same one each time. */
  get(appid: string): AccountEntry | undefined {
    const found = this.#byAppid.get(appid);
    if (found === undefined || 'secret' in found) return found;
    const secret = Secret.of(found.appsecret);
    const entry = { appid: found.appid, secret, tokenApi: undefined };
    this.#byAppid.set(appid, entry);
    return entry;
  }
}
