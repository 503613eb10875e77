/** The refreshes that nobody asks for: one timer for each account. */
import type { Clock } from './clock.ts';
import type { HeldToken } from './held-token.ts';
import type { TokenCallError, TokenSource } from './sources/source.ts';
import type { TokenStore } from './stores/store.ts';

export interface RenewalOptions {
  readonly clock: Clock;
  readonly source: TokenSource;
  readonly store: TokenStore;
  /** Renew even while nobody asks: the default account, so that "ready" stays true. */
  readonly keepFresh: () => boolean;
}

/** What is renewed. */
interface Refreshes {
  readonly held: HeldToken | undefined;
  readonly failure: TokenCallError | undefined;
  readonly waitMs: number;
  renew(): Promise<void>;
  obtain(): Promise<void>;
}

/**
 * The timer never sleeps longer: it runs by the monotonic clock, and what it waits for may come
 * about by the wall clock, which jumps when somebody sets it or the machine wakes up.
 */
const LONGEST_SLEEP_MS = 30_000;
/** How often refused credentials are looked at while nobody asks: somebody is mending them. */
const CREDENTIALS_LOOK_MS = 1000;

export class Renewal {
  readonly #options: RenewalOptions;
  readonly #refreshes: Refreshes;
  #usedSinceRefresh = false;
  #cancelTimer: () => void = () => {};
  #closed = false;

  constructor(options: RenewalOptions, refreshes: Refreshes) {
    this.#options = options;
    this.#refreshes = refreshes;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Somebody uses the token: it is to be renewed. */
  used(): void {
    this.#usedSinceRefresh = true;
  }

  /** The token is a new one, and nobody has used it yet. */
  unused(): void {
    this.#usedSinceRefresh = false;
  }

  /** Looks again in `delayMs` whether a refresh is due; sooner where something else may come about. */
  schedule(delayMs: number): void {
    this.#cancelTimer();
    if (this.#closed) return;
    const longestMs = this.#looksForOthers ? CREDENTIALS_LOOK_MS : LONGEST_SLEEP_MS;
    const sleepMs = Math.ceil(Math.min(delayMs, longestMs));
    this.#cancelTimer = this.#options.clock.after(sleepMs, () => this.#tick());
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer();
  }

  #tick(): void {
    const { held, waitMs } = this.#refreshes;
    if (waitMs > 0) {
      if (this.#looksForOthers) void this.#refreshes.obtain();
      return this.schedule(waitMs);
    }
    if (held?.isDue === false) return this.schedule(held.untilDueMs);
    // An account that nobody used since its last refresh lets its token expire.
    if (!this.#options.keepFresh() && !this.#usedSinceRefresh) return;
    if (held?.isUsable) void this.#refreshes.renew();
    else void this.#refreshes.obtain();
  }

  /**
   * Other credentials, or what another replica has stored. Whoever asks looks for them too: the timer
   * does it for the account that must be ready.
   */
  get #looksForOthers(): boolean {
    const { source, store, keepFresh } = this.#options;
    const { held, failure } = this.#refreshes;
    if (failure === undefined || !keepFresh()) return false;
    return (
      (store.shared && held?.isUsable !== true) ||
      (failure.reason === 'refused' && source.hasChanged !== undefined)
    );
  }
}
