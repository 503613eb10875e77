import type { Token } from '../token.ts';
import type { Patience } from './patience.ts';

/** What a store knows of an account. */
export interface StoredState {
  /** The newest token that any user of the store has saved; may have expired. */
  readonly token: Token | undefined;
  readonly cooldown: StoredCooldown | undefined;
}

/** After a fresh token was rejected too: see `Cooldown`. */
export interface StoredCooldown {
  readonly generation: number;
  /** Epoch ms. */
  readonly until: number;
  readonly lengthMs: number;
}

/**
 * Remembers tokens, for this process or for a fleet of them, and says who may refresh.
 * Every method may be called for any account at any time. Where one is given `patience` it waits no
 * longer than that for a store that is slow; what it has sent by then may still be done.
 *
 * @throws {StoreError} from every method when the store cannot be reached or used
 */
export interface TokenStore {
  readonly name: 'memory' | 'file' | 'redis';
  /** Whether other processes use it too: then what it holds may be newer than what we know. */
  readonly shared: boolean;
  /** Other processes use it too, and at the moment we cannot: they go on without us, and we without them. */
  readonly cutOff?: boolean;
  load(appid: string, patience?: Patience): Promise<StoredState>;
  /**
   * Saves, unless a newer generation is there, or another value of the same one: a replica that
   * slept through its turn must not overwrite what came after it.
   * @returns the token that the store holds afterwards
   */
  save(appid: string, token: Token, patience?: Patience): Promise<Token>;
  /**
   * Saves, unless one of a newer generation is there, or one of the same that ends later. undefined
   * ends it.
   */
  saveCooldown(appid: string, cooldown: StoredCooldown | undefined): Promise<void>;
  /**
   * Waits to be the account's only refresher.
   * @returns what ends that; undefined: somebody else is, and has been for longer than `turnMs`
   */
  lock(appid: string, patience?: Patience): Promise<(() => Promise<void>) | undefined>;
  /** Spends one `force_refresh` of the account's budget. @returns whether there was one to spend. */
  takeForce(appid: string, now: number, patience?: Patience): Promise<boolean>;
  close(): Promise<void>;
}

/** A store of many processes, which may be away. */
export interface SharedStore extends TokenStore {
  /** Does what the other methods do, without a trace: whether all of them would succeed. */
  rehearse(appid: string, patience?: Patience): Promise<void>;
}

export class StoreError extends Error {
  override readonly name = 'StoreError';
  /** The store was reached and says no: it will until somebody changes something. */
  readonly refused: boolean;

  constructor(message: string, { cause, refused }: { cause?: unknown; refused: boolean }) {
    super(message, { cause });
    this.refused = refused;
  }
}
