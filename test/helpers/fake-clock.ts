import type { Clock } from '../../src/token/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** More timers than this in one `advance` are a loop, not a schedule. */
const MOST_TIMERS = 100_000;

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #nowMs: number;
  #monotonicMs = 1_000_000;
  readonly #timers = new Set<Timer>();

  /** @param nowMs the wall clock to begin with, epoch ms; noon in Beijing unless given */
  constructor(nowMs = Date.parse('2026-05-01T04:00:00Z')) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#monotonicMs + Math.max(delayMs, 0), run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Both clocks go on by `ms`. Timers fire in order, each at its moment, and what a promise brings
   * about happens before the next one fires.
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms;
    await settle();
    for (let fired = 0; ; fired++) {
      const timer = this.#next();
      if (timer === undefined || timer.atMs > untilMs) break;
      if (fired > MOST_TIMERS) throw new Error('timers without end');
      await this.#fire(timer);
    }
    this.#goTo(untilMs);
    await settle();
  }

  /** Time goes on until `promise` has settled, timer by timer. @returns what it settles with */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => {}); // whoever asked for it gets to see its failure
    for (;;) {
      await settle();
      if (settled) return watched;
      const timer = this.#next();
      if (timer === undefined) throw new Error('no timer is left that could settle the promise');
      await this.#fire(timer);
    }
  }

  /** Somebody sets the wall clock; the monotonic one does not notice. */
  setWall(byMs: number): void {
    this.#nowMs += byMs;
  }

  /** Time that passes without a timer firing: a machine that slept, an event loop that stalled. */
  stall(ms: number): void {
    this.#goTo(this.#monotonicMs + ms);
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.atMs < next.atMs) next = timer;
    }
    return next;
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#goTo(Math.max(timer.atMs, this.#monotonicMs));
    timer.run();
    await settle();
  }

  #goTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}

/** Everything that waits for promises alone has happened when this resolves. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
