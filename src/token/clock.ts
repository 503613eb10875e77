/** Time, handed in so that tests can own it. */
export interface Clock {
  /** Wall clock, epoch ms: what expiry is written in, and what an administrator may set. */
  now(): number;
  /** Milliseconds that only ever go forward. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`; does not keep the process alive. @returns what cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** `setTimeout` takes a signed 32-bit number of milliseconds and fires at once beyond it. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** What comes of `work`, or `otherwise` once `timeoutMs` have passed: the work itself goes on. */
export async function within<T>(
  clock: Clock,
  timeoutMs: number,
  work: Promise<T>,
  otherwise: T,
): Promise<T> {
  let cancel = (): void => {};
  const timeout = new Promise<T>((resolve) => {
    cancel = clock.after(timeoutMs, () => resolve(otherwise));
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    cancel();
  }
}
