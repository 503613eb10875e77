import { TokenManager, type TokenManagerOptions } from '../../../src/token/manager.ts';
import type { Rules } from '../../../src/simulator/rules.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import { memoryStore } from '../../../src/token/stores/memory.ts';
import type { Token } from '../../../src/token/token.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { FakeWechat } from './fake-wechat.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const LIFE = 2 * HOUR;
export const WINDOW = 300 * SECOND;
export const TOKEN_TIMEOUT = 10 * SECOND;

export interface BenchOptions extends Partial<Omit<TokenManagerOptions, 'keepFresh'>> {
  readonly api?: 'stable_token' | 'token';
  readonly rules?: Partial<Rules>;
  readonly wechat?: FakeWechat;
  readonly clock?: FakeClock;
  /** Whether it is the default account. */
  readonly keepFresh?: boolean | (() => boolean);
}

export interface Bench {
  readonly clock: FakeClock;
  readonly wechat: FakeWechat;
  readonly manager: TokenManager;
  /** Everything logged, at level trace. */
  readonly log: string[];
  /** `token_refreshes_total` and its like: the sum of the series that have these labels. */
  readonly count: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>;
}

/** A manager before a WeChat of its own, on a clock that the test moves. No jitter unless told. */
export async function bench(options: BenchOptions = {}): Promise<Bench> {
  const { api = 'stable_token', rules, clock = new FakeClock() } = options;
  const wechat = options.wechat ?? new FakeWechat(api, clock, rules);
  const log: string[] = [];
  const metrics = new Metrics({ version: '0', processMetrics: false });
  const manager = new TokenManager({
    appid: 'wx1',
    source: wechat,
    store: memoryStore(),
    clock,
    metrics: metrics.account('wx1'),
    logger: await createLogger({
      level: 'trace',
      format: 'json',
      destination: { write: (line: string) => void log.push(line) },
    }),
    random: () => 0,
    refreshWindowMs: WINDOW,
    tokenTimeoutMs: TOKEN_TIMEOUT,
    ...options,
    keepFresh:
      typeof options.keepFresh === 'function'
        ? options.keepFresh
        : () => options.keepFresh === true,
  });
  return {
    clock,
    wechat,
    manager,
    log,
    async count(name, labels = {}) {
      const metric = metrics.registry.getSingleMetric(`wxproxy_${name}`);
      if (metric === undefined) throw new Error(`no metric ${name}`);
      const { values } = await metric.get();
      return values
        .filter((series) =>
          Object.entries(labels).every(([label, is]) => String(series.labels[label]) === is),
        )
        .reduce((sum, series) => sum + series.value, 0);
    },
  };
}

/** A bench whose manager has its first token. */
export async function started(
  options: BenchOptions = {},
): Promise<Bench & { readonly first: Token }> {
  const made = await bench(options);
  await made.manager.start();
  const first = made.manager.usable;
  if (first === undefined) throw new Error('no first token');
  return { ...made, first };
}

/** What `rejected` gave, as a token; throws where it gave none. */
export async function replacement(
  { clock, manager }: Pick<Bench, 'clock' | 'manager'>,
  token: Token,
): Promise<Token> {
  const other = await clock.until(manager.rejected(token));
  if (typeof other === 'string') throw new Error(`no replay: ${other}`);
  return other;
}

/** A promise's failure; throws where it has none. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}
