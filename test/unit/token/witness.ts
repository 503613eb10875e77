import type { Clock } from '../../../src/token/clock.ts';
import {
  type TokenCallError,
  type IssuedToken,
  type TokenRequest,
  type TokenSource,
} from '../../../src/token/sources/source.ts';
import type { Token } from '../../../src/token/token.ts';
import type { FakeWechat } from './fake-wechat.ts';

/** The least a manager leaves the source alone after a failure, in ms. */
const LEAST_BACKOFF_MS = 500;
const REFUSED_MS = 60_000;

/** Stands between the managers of an account and WeChat, sees every call, and knows what must not be. */
export class Witness {
  readonly violations: string[] = [];
  /** Values that somebody has reported as rejected. */
  readonly rejected = new Set<string>();
  /** Calls made because of a rejection, the forced ones aside. */
  retirements = 0;
  readonly forcesAtMs: number[] = [];

  readonly #wechat: FakeWechat;
  readonly #clock: Clock;
  /** Value → the monotonic moment at which WeChat lets it die, as far as it has told. */
  readonly #deaths = new Map<string, number>();
  readonly #generations = new Map<number, string>();
  #inFlight = 0;

  constructor(wechat: FakeWechat, clock: Clock) {
    this.#wechat = wechat;
    this.#clock = clock;
  }

  /** The source of one manager. @param isExcused whether it may ask within its back-off */
  source(isExcused: () => boolean): TokenSource {
    const { name, rotates, canForce } = this.#wechat;
    let notBeforeMs = -Infinity;
    return {
      name,
      rotates,
      canForce,
      fetch: async (request) => {
        const now = this.#clock.monotonic();
        if (now < notBeforeMs && !isExcused()) this.violations.push('a fetch inside the back-off');
        try {
          return await this.#fetch(request, now);
        } catch (error) {
          const { reason } = error as TokenCallError;
          const isLong = reason === 'refused' || reason === 'quota';
          notBeforeMs = this.#clock.monotonic() + (isLong ? REFUSED_MS : LEAST_BACKOFF_MS);
          throw error;
        }
      },
    };
  }

  async #fetch(request: TokenRequest, now: number): Promise<IssuedToken> {
    if (this.#inFlight > 0) this.violations.push('two fetches in flight');
    if (request.rejected !== undefined) {
      if (!this.rejected.has(request.rejected)) this.violations.push('an unrejected token retired');
      if (!request.force) this.retirements += 1;
    }
    if (request.force) this.forcesAtMs.push(now);
    this.#inFlight += 1;
    try {
      const issued = await this.#wechat.fetch(request);
      // Whole seconds are told, rounded down: of two answers the later death is nearer the truth.
      const told = this.#deaths.get(issued.value) ?? 0;
      this.#deaths.set(issued.value, Math.max(told, now + issued.expiresInMs));
      return issued;
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** A token is handed to a caller at this moment. */
  handedOut({ value, expiresAt, generation }: Token): void {
    const death = this.#deaths.get(value);
    if (death === undefined) this.violations.push('a token from nowhere');
    else if (death <= this.#clock.monotonic()) this.violations.push('an expired token');
    if (expiresAt <= this.#clock.now()) this.violations.push('a token expired by the wall clock');
    const known = this.#generations.get(generation);
    if (known !== undefined && known !== value) this.violations.push('two values, one generation');
    this.#generations.set(generation, value);
  }
}
