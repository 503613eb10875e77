/** What did not come within its time. */
export class Silence extends Error {}

/**
 * `work`, or {@link Silence} once `withinMs` have passed; the work itself goes on. What has arrived
 * by then counts, even if this process was too busy to look at it.
 */
export function inTime<T>(work: Promise<T>, withinMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Silence(`no answer within ${Math.round(withinMs)} ms`));
    // Timers come before the network in each turn of the event loop, immediates after it.
    const timer = setTimeout(() => setImmediate(late), Math.max(withinMs, 0));
    void work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
