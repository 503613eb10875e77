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
/** Lives come in whole seconds. */
const CLEARLY_ALIVE_MS = 2000;

interface Handed {
  /** The newest. */
  generation: number;
  readonly given: Set<string>;
  readonly retired: Set<string>;
}

/** Stands between the managers of an account and WeChat, sees every call, and knows what must not be. */
export class Witness {
  readonly violations: string[] = [];
  /** Values that somebody has reported as rejected. */
  readonly rejected = new Set<string>();
  /** Calls made because of a rejection, the forced ones aside. */
  retirements = 0;
  readonly forcesAtMs: number[] = [];
  /** The shared store has been away or has forgotten something: replicas may have gone on alone. */
  isDisturbed = false;

  readonly #wechat: FakeWechat;
  readonly #clock: Clock;
  /** Value → the monotonic moment at which WeChat lets it die, as far as it has told. */
  readonly #deaths = new Map<string, number>();
  readonly #generations = new Map<number, string>();
  /** What each manager has handed out, and which of it it was told is bad. */
  readonly #managers = new WeakMap<object, Handed>();
  /** Rejected value → the value that a fetch has brought instead. */
  readonly #replaced = new Map<string, string>();
  /** Fetches at work that keep to the turns of the fleet. */
  #inTurn = 0;

  constructor(wechat: FakeWechat, clock: Clock) {
    this.#wechat = wechat;
    this.#clock = clock;
  }

  /** The source of one manager. @param isExcused whether it may ask within its back-off */
  source(isExcused: () => boolean): TokenSource {
    const { name, rotates, canForce } = this.#wechat;
    let notBeforeMs = -Infinity;
    let inFlight = 0;
    return {
      name,
      rotates,
      canForce,
      fetch: async (request) => {
        const now = this.#clock.monotonic();
        if (now < notBeforeMs && !isExcused()) this.violations.push('a fetch inside the back-off');
        if (inFlight > 0) this.violations.push('two fetches of one replica in flight');
        inFlight += 1;
        try {
          return await this.#fetch(request, now);
        } catch (error) {
          const { reason } = error as TokenCallError;
          const isLong = reason === 'refused' || reason === 'quota';
          notBeforeMs = this.#clock.monotonic() + (isLong ? REFUSED_MS : LEAST_BACKOFF_MS);
          throw error;
        } finally {
          inFlight -= 1;
        }
      },
    };
  }

  async #fetch(request: TokenRequest, now: number): Promise<IssuedToken> {
    // A replica that has waited too long for another's turn asks beside it.
    const inTurn = request.uncoordinated ? 0 : 1;
    if (inTurn > 0 && this.#inTurn > 0 && !this.isDisturbed)
      this.violations.push('two fetches in flight');
    const { rejected } = request;
    if (rejected !== undefined) {
      if (!this.rejected.has(rejected)) this.violations.push('an unrejected token retired');
      if (this.#isPaid(rejected, now)) this.violations.push('two fetches for one rejected token');
      if (!request.force) this.retirements += 1;
    }
    if (request.force) this.forcesAtMs.push(now);
    this.#inTurn += inTurn;
    try {
      const issued = await this.#wechat.fetch(request);
      // Whole seconds are told, rounded down: of two answers the later death is nearer the truth.
      const told = this.#deaths.get(issued.value) ?? 0;
      this.#deaths.set(issued.value, Math.max(told, now + issued.expiresInMs));
      if (rejected !== undefined && issued.value !== rejected)
        this.#replaced.set(rejected, issued.value);
      return issued;
    } finally {
      this.#inTurn -= inTurn;
    }
  }

  /** Whether what a fetch has brought for the rejected value is still of use: it is in the store. */
  #isPaid(rejected: string, now: number): boolean {
    const other = this.#replaced.get(rejected);
    if (other === undefined || this.isDisturbed) return false;
    return (this.#deaths.get(other) ?? 0) > now + CLEARLY_ALIVE_MS;
  }

  /** `manager` was told that the token is bad, and has given another one for it. */
  retired(manager: object, { value }: Token): void {
    const { given, retired } = this.#of(manager);
    // What another replica has handed out is none of this one's, and nobody tells it.
    if (given.has(value)) retired.add(value);
  }

  #of(manager: object): Handed {
    const known = this.#managers.get(manager);
    if (known !== undefined) return known;
    const handed = { generation: 0, given: new Set<string>(), retired: new Set<string>() };
    this.#managers.set(manager, handed);
    return handed;
  }

  /** A token is handed to a caller at this moment. */
  handedOut(manager: object, { value, expiresAt, generation }: Token): void {
    const before = this.#of(manager);
    if (before.retired.has(value)) this.violations.push('a retired token');
    if (generation < before.generation) this.violations.push('an older generation');
    before.generation = Math.max(before.generation, generation);
    before.given.add(value);
    const death = this.#deaths.get(value);
    if (death === undefined) this.violations.push('a token from nowhere');
    else if (death <= this.#clock.monotonic()) this.violations.push('an expired token');
    if (expiresAt <= this.#clock.now()) this.violations.push('a token expired by the wall clock');
    const known = this.#generations.get(generation);
    if (known !== undefined && known !== value && !this.isDisturbed)
      this.violations.push('two values, one generation');
    this.#generations.set(generation, value);
  }
}
