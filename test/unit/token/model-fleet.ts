import type { AccountMetrics } from '../../../src/telemetry/account-metrics.ts';
import type { Logger } from '../../../src/telemetry/logger.ts';
import type { Metrics } from '../../../src/telemetry/metrics.ts';
import { TokenManager } from '../../../src/token/manager.ts';
import { TokenCallError } from '../../../src/token/sources/source.ts';
import { withFallback } from '../../../src/token/stores/fallback.ts';
import { memoryStore } from '../../../src/token/stores/memory.ts';
import type { TokenStore } from '../../../src/token/stores/store.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { HOUR, MINUTE, SECOND, TOKEN_TIMEOUT, WINDOW } from './bench.ts';
import { FakeWechat } from './fake-wechat.ts';
import { FaultyStore } from './faulty-store.ts';
import type { Random } from './random.ts';
import { Witness } from './witness.ts';

/** What every run shares: it is not looked at. */
export interface Surroundings {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly account: AccountMetrics;
}

/**
 * Who shares what: one process with its memory, one with a file that may fail, or replicas with a
 * store that may be away. An account that goes out of use and comes back has two managers for a while.
 */
const KINDS = ['memory', 'memory', 'file', 'redis', 'redis'] as const;

/** The managers of one account, their store, and the WeChat before which they stand. */
export class ModelFleet {
  readonly clock = new FakeClock();
  readonly lifeMs: number;
  readonly wechat: FakeWechat;
  readonly witness: Witness;
  readonly managers: TokenManager[];
  /** What a store holds goes by the wall clock alone: then there is one manager from start to end. */
  readonly wallMoves: boolean;
  credentialsChanged = false;
  readonly #random: Random;
  readonly #around: Surroundings;
  readonly #stores: readonly TokenStore[];
  readonly #faulty: FaultyStore | undefined;

  constructor(random: Random, around: Surroundings) {
    this.#random = random;
    this.#around = around;
    this.lifeMs = random.pick([MINUTE, 5 * MINUTE, 20 * MINUTE, 2 * HOUR]);
    this.wechat = new FakeWechat(random.pick(['token', 'stable_token']), this.clock, {
      lifetimeMs: this.lifeMs,
      overlapMs: random.pick([0, 5 * SECOND, 5 * MINUTE]),
    });
    this.wechat.latencyMs = random.pick([0, 0, 20, 300, 4000]);
    this.witness = new Witness(this.wechat, this.clock);
    this.wallMoves = random.chance(0.4);
    const kind = random.pick(KINDS);
    const count = this.wallMoves ? 1 : random.pick(kind === 'redis' ? [2, 3, 4] : [1, 2]);
    this.#faulty = kind === 'memory' ? undefined : new FaultyStore(this.clock, random);
    this.#stores = this.#open(kind, count);
    this.managers = Array.from({ length: count }, (_, at) => this.#manager(at));
  }

  /** The account goes out of use somewhere and comes back; what is under way goes on. */
  replaceManager(): void {
    const at = this.#random.whole(0, this.managers.length - 1);
    this.managers[at]?.close();
    this.managers[at] = this.#manager(at);
  }

  /** Somebody else takes a token of the account, or WeChat ends ours. */
  outsider(): void {
    const what = this.#random.pick(['rotate', 'rotate', 'kept', 'dead'] as const);
    if (what === 'rotate') this.wechat.rotate();
    else this.wechat.tokens.revoke(what);
  }

  /** Token calls fail from now on. */
  trouble(): void {
    const reason = this.#random.pick([
      'network',
      'timeout',
      'busy',
      'bad_response',
      'refused',
      'quota',
    ] as const);
    if (reason !== 'timeout') return this.wechat.fail(reason);
    this.wechat.answer = async () => {
      await new Promise<void>((resolve) => void this.clock.after(TOKEN_TIMEOUT, resolve));
      throw new TokenCallError('timeout', 'too late');
    };
  }

  /** The store begins to fail, or forgets everything. @returns whether there is one that can */
  storeTrouble(): boolean {
    if (this.#faulty === undefined) return false;
    const trouble = this.#random.pick(['away', 'silent', 'slow', 'forgets'] as const);
    if (trouble === 'forgets') this.#faulty.flush();
    else this.#faulty.trouble = trouble;
    if (trouble !== 'slow') this.witness.isDisturbed = true;
    return true;
  }

  mendStore(): void {
    if (this.#faulty !== undefined) this.#faulty.trouble = undefined;
  }

  changeCredentials(): void {
    this.credentialsChanged = true;
    for (const manager of this.managers) manager.credentialsChanged();
  }

  async close(): Promise<void> {
    for (const manager of this.managers) manager.close();
    await Promise.all(this.#stores.map((store) => store.close()));
  }

  #open(kind: (typeof KINDS)[number], count: number): readonly TokenStore[] {
    const faulty = this.#faulty;
    if (faulty === undefined) return [memoryStore()];
    if (kind !== 'redis') return [faulty.view('file')];
    return Array.from({ length: count }, () =>
      withFallback(faulty.view('redis'), { clock: this.clock, ...this.#around }),
    );
  }

  #manager(at: number): TokenManager {
    const isDefault = this.#random.chance(0.5);
    return new TokenManager({
      appid: 'wx1',
      source: this.witness.source(() => this.credentialsChanged),
      store: this.#stores[at % this.#stores.length] as TokenStore,
      clock: this.clock,
      logger: this.#around.logger,
      metrics: this.#around.account,
      random: () => this.#random.next(),
      refreshWindowMs: WINDOW,
      tokenTimeoutMs: TOKEN_TIMEOUT,
      keepFresh: () => isDefault,
    });
  }
}
