import { createHash } from 'node:crypto';
import { ProxyError } from '../../../src/errors.ts';
import type { TokenManager } from '../../../src/token/manager.ts';
import type { Token } from '../../../src/token/token.ts';
import { settle, type FakeClock } from '../../helpers/fake-clock.ts';
import { HOUR, MINUTE, SECOND, TOKEN_TIMEOUT } from './bench.ts';
import type { FakeWechat } from './fake-wechat.ts';
import { checkBudget } from './model-budget.ts';
import { ModelFleet, type Surroundings } from './model-fleet.ts';
import type { Random } from './random.ts';
import type { Witness } from './witness.ts';

/** One random life of an account. @returns what went against the invariants; best nothing */
export async function modelRun(random: Random, around: Surroundings): Promise<string[]> {
  return await new ModelRun(random, new ModelFleet(random, around)).live();
}

class ModelRun {
  readonly #random: Random;
  readonly #fleet: ModelFleet;
  readonly #clock: FakeClock;
  readonly #wechat: FakeWechat;
  readonly #witness: Witness;
  /** Tokens that callers hold, old ones too. */
  readonly #seen: Token[] = [];
  readonly #startedMs: number;
  #open = 0;
  /** What may rightly cost a fetch: tokens that outsiders took or WeChat revoked. */
  #changes = 1;

  constructor(random: Random, fleet: ModelFleet) {
    this.#random = random;
    this.#fleet = fleet;
    this.#clock = fleet.clock;
    this.#wechat = fleet.wechat;
    this.#witness = fleet.witness;
    this.#startedMs = this.#clock.monotonic();
  }

  async live(): Promise<string[]> {
    for (let step = this.#random.whole(20, 80); step > 0; step--) await this.#step();
    await this.#end();
    checkBudget(this.#witness, {
      elapsedMs: this.#clock.monotonic() - this.#startedMs,
      lifeMs: this.#fleet.lifeMs,
      changes: this.#changes,
      wallMoves: this.#fleet.wallMoves,
    });
    return this.#witness.violations;
  }

  async #step(): Promise<void> {
    const dice = this.#random.whole(1, 100);
    if (dice <= 30) for (let i = this.#random.pick([1, 1, 2, 20]); i > 0; i--) this.#request(false);
    else if (dice <= 38) this.#request(true);
    else if (dice <= 44) this.#lateRejection();
    else if (dice <= 47) this.#askForAnother();
    else if (dice <= 55) this.#outsider();
    else if (dice <= 62) this.#fleet.trouble();
    else if (dice <= 67) this.#wechat.mend();
    else if (dice <= 69) await this.#setWall();
    else if (dice <= 71) this.#replaceManager();
    else if (dice <= 72) this.#fleet.changeCredentials();
    else if (dice <= 75) this.#storeTrouble();
    else if (dice <= 78) this.#fleet.mendStore();
    else if (dice === 79) await this.#badEndpoint();
    else if (dice === 80) await this.#throughTheEnd();
    else await this.#clock.advance(this.#duration());
  }

  #duration(): number {
    const unit = this.#random.pick([
      1,
      100,
      SECOND,
      SECOND,
      10 * SECOND,
      MINUTE,
      this.#fleet.lifeMs / 2,
    ]);
    // A few lives at most: more of them show nothing new.
    return Math.round(this.#random.next() * Math.min(2 * unit, 4 * this.#fleet.lifeMs));
  }

  /** A request as the request path makes it. @param bad the endpoint says 40001 to any token */
  #request(bad: boolean): void {
    const manager = this.#random.pick(this.#fleet.managers);
    const replays = this.#random.chance(0.8);
    const latencyMs = this.#random.pick([0, 0, 50, 3000]);
    this.#attend(async () => {
      const first = await this.#timed(manager, 'get', () => Promise.resolve(manager.get()));
      await this.#pass(latencyMs);
      if (!bad && this.#wechat.accepts(first)) return;
      const other = await this.#reject(manager, first);
      if (typeof other === 'string' || !replays) return;
      await this.#pass(latencyMs);
      const works = !bad && this.#wechat.accepts(other);
      manager.replayed(other, works ? 'ok' : 'rejected');
    });
  }

  /** One endpoint that says 40001 to any token, called again and again. */
  async #badEndpoint(): Promise<void> {
    if (this.#random.chance(0.7)) return;
    const before = this.#witness.retirements;
    for (let call = 0; call < 60; call++) {
      this.#request(true);
      await this.#clock.advance(SECOND);
    }
    const spent = this.#witness.retirements - before;
    // Five that are unproven, for each that may go its own way, and what cannot be replayed.
    if (spent > 10 * this.#fleet.managers.length)
      this.#witness.violations.push(`${spent} fetches for one bad endpoint`);
  }

  /** Nothing can be renewed while the token comes to its end. */
  async #throughTheEnd(): Promise<void> {
    const { usable } = this.#random.pick(this.#fleet.managers);
    if (usable === undefined) return;
    this.#fleet.trouble();
    await this.#clock.advance(Math.max(usable.expiresAt - this.#clock.now() - 5 * SECOND, 0));
    for (let call = 0; call < 10; call++) {
      this.#request(false);
      await this.#clock.advance(SECOND);
    }
  }

  #lateRejection(): void {
    if (this.#seen.length === 0) return;
    const manager = this.#random.pick(this.#fleet.managers);
    const token = this.#random.pick(this.#seen);
    const current = manager.usable;
    this.#attend(async () => {
      const other = await this.#reject(manager, token);
      const wasLate = current !== undefined && current.generation > token.generation;
      if (wasLate && typeof other === 'object' && other.generation < current.generation) {
        this.#witness.violations.push('an older token for a late rejection');
      }
    });
  }

  async #reject(manager: TokenManager, token: Token): Promise<Token | string> {
    this.#witness.rejected.add(token.value);
    const other = await this.#timed(manager, 'rejected', () => manager.rejected(token));
    if (typeof other === 'object' && other.value === token.value) {
      this.#witness.violations.push('a rejected token given back');
    }
    if (typeof other === 'object') this.#witness.retired(manager, token);
    return other;
  }

  #askForAnother(): void {
    const manager = this.#random.pick(this.#fleet.managers);
    const { usable } = manager;
    const isNamed = usable !== undefined && this.#random.chance(0.7);
    // Without a digest it may be about any token: then all of them count as rejected.
    const values = isNamed ? [usable.value] : this.#seen.map(({ value }) => value);
    for (const value of values) this.#witness.rejected.add(value);
    if (!isNamed && manager.usable) this.#witness.rejected.add(manager.usable.value);
    const digest = isNamed ? createHash('sha256').update(usable.value).digest('hex') : undefined;
    this.#changes += 1;
    this.#attend(() => this.#timed(manager, 'requested', () => manager.requested(digest)));
  }

  #outsider(): void {
    this.#changes += 1;
    this.#fleet.outsider();
  }

  async #setWall(): Promise<void> {
    if (!this.#fleet.wallMoves) return;
    await settle(); // nothing is on its way from the manager's hand to the caller's
    this.#changes += 1;
    this.#clock.setWall(Math.round((this.#random.next() - 0.5) * 10 * HOUR));
  }

  #replaceManager(): void {
    if (this.#fleet.wallMoves) return;
    this.#fleet.replaceManager();
    this.#changes += 1;
  }

  /** Without it each replica goes its own way; with WeChat in trouble too, what it got may be lost. */
  #storeTrouble(): void {
    if (this.#fleet.storeTrouble()) this.#changes += this.#fleet.managers.length;
  }

  /** In the end all is well again: the next request has to show it. */
  async #end(): Promise<void> {
    this.#wechat.mend();
    this.#fleet.mendStore();
    await this.#clock.advance(TOKEN_TIMEOUT * 3);
    if (this.#open > 0) this.#witness.violations.push(`${this.#open} callers wait for ever`);
    await this.#clock.advance(16 * MINUTE);
    this.#wechat.rotate();
    for (const manager of this.#fleet.managers) {
      // Not all in one request: what another manager has stored may be bad too, and a slow WeChat
      // may take longer for two calls than a caller waits.
      let requests = 1;
      while (requests <= 3 && !(await this.#requestWorks(manager))) requests += 1;
      if (requests > 3) this.#witness.violations.push('no recovery');
    }
    await this.#fleet.close();
    await this.#clock.advance(TOKEN_TIMEOUT * 4);
    if (this.#clock.pending > 0) this.#witness.violations.push('timers left after close');
  }

  async #requestWorks(manager: TokenManager): Promise<boolean> {
    try {
      const first = await this.#clock.until(Promise.resolve(manager.get()));
      if (this.#wechat.accepts(first)) return true;
      const other = await this.#clock.until(this.#reject(manager, first));
      return typeof other === 'object' && this.#wechat.accepts(other);
    } catch (error) {
      if (error instanceof ProxyError) return false;
      throw error;
    }
  }

  #attend(work: () => Promise<unknown>): void {
    this.#open += 1;
    work()
      .catch((error: unknown) => {
        if (!(error instanceof ProxyError)) this.#witness.violations.push(`threw ${String(error)}`);
      })
      .finally(() => {
        this.#open -= 1;
      });
  }

  /** What a caller is given, checked the moment it is given. */
  async #timed<T>(manager: TokenManager, what: string, work: () => Promise<T>): Promise<T> {
    const startedMs = this.#clock.monotonic();
    try {
      const result = await work();
      if (typeof result === 'object') {
        this.#witness.handedOut(manager, result as Token);
        this.#seen.push(result as Token);
      }
      return result;
    } finally {
      const tookMs = this.#clock.monotonic() - startedMs;
      if (tookMs > TOKEN_TIMEOUT) this.#witness.violations.push(`${what} took ${tookMs} ms`);
    }
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }
}
