import { memoryStore } from '../../../src/token/stores/memory.ts';
import { StoreError, type SharedStore } from '../../../src/token/stores/store.ts';
import type { Clock } from '../../../src/token/clock.ts';
import type { Random } from './random.ts';

/** How long a replica waits for an answer of the store, and for how long a lock is its own. */
const SILENCE_MS = 500;
const LOCK_MS = 22_000;
const LOCK_POLL_MS = 200;

/** `away`: nothing is done, at once. `silent`: done or not, nobody is told. `slow`: done, a little late. */
export type StoreTrouble = 'away' | 'silent' | 'slow';

/** What Redis is to a fleet, on a clock that the test moves, with the troubles that Redis has. */
export class FaultyStore {
  trouble: StoreTrouble | undefined;
  #state = memoryStore();
  #lock: { readonly owner: object; readonly untilMs: number } | undefined;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** It was started anew, with nothing in it. */
  flush(): void {
    this.#state = memoryStore();
    this.#lock = undefined;
  }

  /** The store as one replica sees it. */
  view(name: 'redis' | 'file'): SharedStore {
    return {
      name,
      shared: name === 'redis',
      load: (appid) => this.#do(() => this.#state.load(appid)),
      save: (appid, token) => this.#do(() => this.#state.save(appid, token)),
      saveCooldown: (appid, cooldown) => this.#do(() => this.#state.saveCooldown(appid, cooldown)),
      takeForce: (appid, now) => this.#do(() => this.#state.takeForce(appid, now)),
      rehearse: (appid) => this.#do(async () => void (await this.#state.load(appid))),
      lock: async (_appid, patience) => {
        const owner = {};
        const giveUpMs = this.#clock.monotonic() + (patience?.turnMs ?? Infinity);
        while (!(await this.#do(() => this.#take(owner)))) {
          if (this.#clock.monotonic() > giveUpMs) return undefined;
          await this.#pass(LOCK_POLL_MS);
        }
        return () => this.#do(() => this.#give(owner));
      },
      close: () => Promise.resolve(),
    };
  }

  async #do<T>(work: () => T | Promise<T>): Promise<T> {
    const { trouble } = this;
    if (trouble === 'away') throw new StoreError('it cannot be reached', { refused: false });
    if (trouble === 'slow') await this.#pass(this.#random.whole(1, 100));
    if (trouble !== 'silent') return work();
    if (this.#random.chance(0.5)) await work();
    await this.#pass(SILENCE_MS);
    throw new StoreError('it did not answer', { refused: false });
  }

  #take(owner: object): boolean {
    const now = this.#clock.monotonic();
    if (this.#lock !== undefined && this.#lock.untilMs > now) return false;
    this.#lock = { owner, untilMs: now + LOCK_MS };
    return true;
  }

  #give(owner: object): void {
    if (this.#lock?.owner === owner) this.#lock = undefined;
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }
}
