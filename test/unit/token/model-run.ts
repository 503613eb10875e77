import { createHash } from 'node:crypto';
import { ProxyError } from '../../../src/errors.ts';
import type { Logger } from '../../../src/telemetry/logger.ts';
import type { AccountMetrics } from '../../../src/telemetry/metrics.ts';
import { TokenManager } from '../../../src/token/manager.ts';
import { TokenCallError } from '../../../src/token/sources/source.ts';
import { memoryStore } from '../../../src/token/stores/memory.ts';
import type { Token } from '../../../src/token/token.ts';
import { FakeClock, settle } from '../../helpers/fake-clock.ts';
import { HOUR, MINUTE, SECOND, TOKEN_TIMEOUT, WINDOW } from './bench.ts';
import { FakeWechat } from './fake-wechat.ts';
import type { Random } from './random.ts';
import { Witness } from './witness.ts';

const DAY = 24 * HOUR;

/** What every run shares: it is not looked at. */
export interface Surroundings {
  readonly logger: Logger;
  readonly metrics: AccountMetrics;
}

/** One random life of an account. @returns what went against the invariants; best nothing */
export async function modelRun(random: Random, around: Surroundings): Promise<string[]> {
  return await new ModelRun(random, around).live();
}

class ModelRun {
  readonly #random: Random;
  readonly #around: Surroundings;
  readonly #clock = new FakeClock();
  readonly #wechat: FakeWechat;
  readonly #witness: Witness;
  readonly #store = memoryStore();
  readonly #managers: TokenManager[] = [];
  /** Tokens that callers hold, old ones too. */
  readonly #seen: Token[] = [];
  readonly #lifeMs: number;
  readonly #startedMs = this.#clock.monotonic();
  #open = 0;
  /** What may rightly cost a fetch: tokens that outsiders took or WeChat revoked. */
  #changes = 1;
  /** What a store holds goes by the wall clock alone: then there is one manager from start to end. */
  readonly #wallMoves: boolean;
  #credentialsChanged = false;

  constructor(random: Random, around: Surroundings) {
    this.#random = random;
    this.#around = around;
    this.#lifeMs = random.pick([MINUTE, 5 * MINUTE, 20 * MINUTE, 2 * HOUR]);
    this.#wechat = new FakeWechat(random.pick(['token', 'stable_token']), this.#clock, {
      lifetimeMs: this.#lifeMs,
      overlapMs: random.pick([0, 5 * SECOND, 5 * MINUTE]),
    });
    this.#wechat.latencyMs = random.pick([0, 0, 20, 300, 4000]);
    this.#witness = new Witness(this.#wechat, this.#clock);
    this.#wallMoves = random.chance(0.4);
    for (let i = this.#wallMoves ? 1 : random.pick([1, 2]); i > 0; i--)
      this.#managers.push(this.#manager());
  }

  async live(): Promise<string[]> {
    for (let step = this.#random.whole(20, 80); step > 0; step--) await this.#step();
    await this.#end();
    this.#checkBudget();
    return this.#witness.violations;
  }

  #manager(): TokenManager {
    const isDefault = this.#random.chance(0.5);
    return new TokenManager({
      appid: 'wx1',
      source: this.#witness.source(() => this.#credentialsChanged),
      store: this.#store,
      clock: this.#clock,
      random: () => this.#random.next(),
      refreshWindowMs: WINDOW,
      tokenTimeoutMs: TOKEN_TIMEOUT,
      keepFresh: () => isDefault,
      ...this.#around,
    });
  }

  async #step(): Promise<void> {
    const dice = this.#random.whole(1, 100);
    if (dice <= 30) for (let i = this.#random.pick([1, 1, 2, 20]); i > 0; i--) this.#request(false);
    else if (dice <= 38) this.#request(true);
    else if (dice <= 44) this.#lateRejection();
    else if (dice <= 47) this.#askForAnother();
    else if (dice <= 55) this.#outsider();
    else if (dice <= 62) this.#trouble();
    else if (dice <= 67) this.#wechat.mend();
    else if (dice <= 69) await this.#setWall();
    else if (dice <= 71) this.#replaceManager();
    else if (dice <= 72) this.#changeCredentials();
    else await this.#clock.advance(this.#duration());
  }

  #duration(): number {
    const unit = this.#random.pick([1, 100, SECOND, SECOND, 10 * SECOND, MINUTE, this.#lifeMs / 2]);
    // A few lives at most: more of them show nothing new.
    return Math.round(this.#random.next() * Math.min(2 * unit, 4 * this.#lifeMs));
  }

  /** A request as the request path makes it. @param bad the endpoint says 40001 to any token */
  #request(bad: boolean): void {
    const manager = this.#random.pick(this.#managers);
    const replays = this.#random.chance(0.8);
    const latencyMs = this.#random.pick([0, 0, 50, 3000]);
    this.#attend(async () => {
      const first = await this.#timed('get', () => Promise.resolve(manager.get()));
      await this.#pass(latencyMs);
      if (!bad && this.#wechat.accepts(first)) return;
      const other = await this.#reject(manager, first);
      if (typeof other === 'string' || !replays) return;
      await this.#pass(latencyMs);
      const works = !bad && this.#wechat.accepts(other);
      manager.replayed(other, works ? 'ok' : 'rejected');
    });
  }

  #lateRejection(): void {
    if (this.#seen.length === 0) return;
    const manager = this.#random.pick(this.#managers);
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
    const other = await this.#timed('rejected', () => manager.rejected(token));
    if (typeof other === 'object' && other.value === token.value) {
      this.#witness.violations.push('a rejected token given back');
    }
    return other;
  }

  #askForAnother(): void {
    const manager = this.#random.pick(this.#managers);
    const { usable } = manager;
    const isNamed = usable !== undefined && this.#random.chance(0.7);
    // Without a digest it may be about any token: then all of them count as rejected.
    const values = isNamed ? [usable.value] : this.#seen.map(({ value }) => value);
    for (const value of values) this.#witness.rejected.add(value);
    if (!isNamed && manager.usable) this.#witness.rejected.add(manager.usable.value);
    const digest = isNamed ? createHash('sha256').update(usable.value).digest('hex') : undefined;
    this.#changes += 1;
    this.#attend(() => this.#timed('requested', () => manager.requested(digest)));
  }

  #outsider(): void {
    this.#changes += 1;
    const what = this.#random.pick(['rotate', 'rotate', 'kept', 'dead'] as const);
    if (what === 'rotate') this.#wechat.rotate();
    else this.#wechat.tokens.revoke(what);
  }

  #trouble(): void {
    const reason = this.#random.pick([
      'network',
      'timeout',
      'busy',
      'bad_response',
      'refused',
      'quota',
    ] as const);
    if (reason !== 'timeout') return this.#wechat.fail(reason);
    this.#wechat.answer = async () => {
      await this.#pass(TOKEN_TIMEOUT);
      throw new TokenCallError('timeout', 'too late');
    };
  }

  async #setWall(): Promise<void> {
    if (!this.#wallMoves) return;
    await settle(); // nothing is on its way from the manager's hand to the caller's
    this.#changes += 1;
    this.#clock.setWall(Math.round((this.#random.next() - 0.5) * 10 * HOUR));
  }

  /** The account goes out of use and comes back; what is under way goes on. */
  #replaceManager(): void {
    if (this.#wallMoves) return;
    const at = this.#random.whole(0, this.#managers.length - 1);
    this.#managers[at]?.close();
    this.#managers[at] = this.#manager();
    this.#changes += 1;
  }

  #changeCredentials(): void {
    this.#credentialsChanged = true;
    for (const manager of this.#managers) manager.credentialsChanged();
  }

  /** In the end all is well again: the next request has to show it. */
  async #end(): Promise<void> {
    this.#wechat.mend();
    await this.#clock.advance(TOKEN_TIMEOUT * 3);
    if (this.#open > 0) this.#witness.violations.push(`${this.#open} callers wait for ever`);
    await this.#clock.advance(16 * MINUTE);
    this.#wechat.rotate();
    for (const manager of this.#managers) {
      // Not all in one request: what another manager has stored may be bad too, and a slow WeChat
      // may take longer for two calls than a caller waits.
      let requests = 1;
      while (requests <= 3 && !(await this.#requestWorks(manager))) requests += 1;
      if (requests > 3) this.#witness.violations.push('no recovery');
    }
    for (const manager of this.#managers) manager.close();
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

  #checkBudget(): void {
    const { forcesAtMs, retirements, violations } = this.#witness;
    if (!this.#wallMoves) {
      for (const [i, atMs] of forcesAtMs.entries()) {
        const soon = forcesAtMs.slice(i + 1).filter((later) => later - atMs < 30 * SECOND);
        if (soon.length > 0) violations.push('forces less than 30 s apart');
        const day = forcesAtMs.slice(i).filter((later) => later - atMs < DAY);
        if (day.length > 18) violations.push(`${day.length} forces in a day`);
      }
    }
    const elapsedMs = this.#clock.monotonic() - this.#startedMs;
    const lives = Math.ceil(elapsedMs / (this.#lifeMs / 2));
    // Each change may be met by five unproven fetches, asked twice; then cool-downs of 30 s rule.
    const budget = 2 * (5 * this.#changes + Math.ceil(elapsedMs / (30 * SECOND)) + lives);
    if (retirements > budget) violations.push(`${retirements} retirements, budget ${budget}`);
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
  async #timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const startedMs = this.#clock.monotonic();
    try {
      const result = await work();
      if (typeof result === 'object') {
        this.#witness.handedOut(result as Token);
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
