import type { Logger } from './logger.ts';

/** How long what repeats is only counted. */
const QUIET_MS = 10_000;

interface Repetition {
  count: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Says a failure once, then how often it came again: an outage must not fill the disk. What is
 * counted only can still be seen line by line at level debug.
 */
export class RepeatedLog {
  readonly #logger: Logger;
  readonly #quietMs: number;
  readonly #repetitions = new Map<string, Repetition>();

  constructor(logger: Logger, quietMs = QUIET_MS) {
    this.#logger = logger;
    this.#quietMs = quietMs;
  }

  /** @param kind what is taken for the same failure: from a closed set, an appid aside */
  say(level: 'warn' | 'error', kind: string, fields: object, message: string): void {
    const repetition = this.#repetitions.get(kind);
    if (repetition !== undefined) {
      repetition.count++;
      this.#logger.debug(fields, message);
      return;
    }
    this.#logger[level](fields, message);
    const timer = setTimeout(() => {
      const count = this.#repetitions.get(kind)?.count ?? 0;
      this.#repetitions.delete(kind);
      if (count > 0) {
        this.#logger[level](
          { kind, count, withinMs: this.#quietMs },
          `${message}, again and again`,
        );
      }
    }, this.#quietMs);
    timer.unref();
    this.#repetitions.set(kind, { count: 0, timer });
  }

  /** Says what is still only counted. */
  close(): void {
    for (const [kind, { count, timer }] of this.#repetitions) {
      clearTimeout(timer);
      if (count > 0) this.#logger.warn({ kind, count }, 'came again before the end');
    }
    this.#repetitions.clear();
  }
}
