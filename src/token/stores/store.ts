import type { Token } from '../token.ts';

/**
 * Remembers tokens, for this process or for a fleet of them, and says who may refresh.
 * Every method may be called for any account at any time.
 *
 * @throws {StoreError} from every method when the store cannot be reached or read
 */
export interface TokenStore {
  readonly name: 'memory' | 'file' | 'redis';
  /** The newest token that any user of the store has saved. */
  load(appid: string): Promise<Token | undefined>;
  /** Saves unless a newer generation is there. @returns what the store holds afterwards. */
  save(appid: string, token: Token): Promise<Token>;
  /** Waits to be the account's only refresher. @returns what ends that. */
  lock(appid: string): Promise<() => Promise<void>>;
  /** Spends one `force_refresh` of the account's budget. @returns whether there was one to spend. */
  takeForce(appid: string, now: number): Promise<boolean>;
  close(): Promise<void>;
}

export class StoreError extends Error {
  override readonly name = 'StoreError';
}
