/**
 * The metrics users' dashboards rely on: those of the process here, those of an account in
 * account-instruments.ts, and nowhere else.
 */
import { Registry, collectDefaultMetrics } from 'prom-client';
import { accountInstruments } from './account-instruments.ts';
import { AccountMetrics } from './account-metrics.ts';
import { AccountSeries } from './account-series.ts';
import { exposition } from './exposition.ts';
import { Instruments } from './instruments.ts';
import { LastOutcomes } from './last-outcomes.ts';
import { REFUSAL_REASONS, type RefusalReason } from './labels.ts';

/** Gauges of prom-client that are named as if they were counters; the same without `_total` stay. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

interface MetricsOptions {
  readonly version: string;
  /** Off in tests that run many instances in one process. */
  readonly processMetrics?: boolean;
  /** Epoch ms. */
  readonly now?: () => number;
}

export class Metrics {
  readonly registry = new Registry();
  /** For people, who are shown how things are now. */
  readonly last: LastOutcomes;

  readonly #inUse = new Set<AccountSeries>();
  readonly #accounts = accountInstruments({ registry: this.registry, accounts: this.#inUse });
  readonly #make = new Instruments(this.registry);
  readonly #refused = this.#make.counter(
    'requests_refused_total',
    'Requests refused by the proxy.',
    ['reason'],
  );
  readonly #storeOperations = this.#make.counter(
    'store_operations_total',
    'Operations on the token store.',
    ['store', 'operation', 'outcome'],
  );
  readonly #clientAborts = this.#make.counter(
    'client_aborts_total',
    'Clients that went away before their answer was complete.',
    [],
  );
  readonly #buildInfo = this.#make.gauge('build_info', 'Always 1.', ['version', 'node']);
  #inFlight = 0;
  #unattributed: AccountMetrics | undefined;

  constructor(options: MetricsOptions) {
    this.last = new LastOutcomes(options.now ?? Date.now);
    this.#make.reading('requests_in_flight', 'Requests being answered now.', () => this.#inFlight);
    this.#buildInfo.set({ version: options.version, node: process.version }, 1);
    for (const reason of REFUSAL_REASONS) this.#refused.inc({ reason }, 0);
    if (options.processMetrics !== false) {
      collectDefaultMetrics({ register: this.registry });
      for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    }
  }

  /** The series of one account, zeroes first, from when it comes into use until `dispose`. */
  account(appid: string): AccountMetrics {
    return new AccountMetrics(this.#accounts, new AccountSeries(appid, this.#inUse, true));
  }

  /** The series of calls that need no account in use and found none: of calls alone, there is no token. */
  get unattributed(): AccountMetrics {
    this.#unattributed ??= new AccountMetrics(
      this.#accounts,
      new AccountSeries('none', this.#inUse, false),
    );
    return this.#unattributed;
  }

  /** Everything, as Prometheus reads it. */
  text(): Promise<string> {
    return exposition(this.registry);
  }

  requestStarted(): void {
    this.#inFlight++;
  }

  requestEnded(): void {
    this.#inFlight--;
  }

  /** Requests being answered now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  refused(reason: RefusalReason): void {
    this.#refused.inc({ reason });
  }

  clientAborted(): void {
    this.#clientAborts.inc();
  }

  storeOperation(store: string, operation: string, outcome: 'ok' | 'failed'): void {
    this.#storeOperations.inc({ store, operation, outcome });
    this.#storeOperations.inc({ store, operation, outcome: 'failed' }, 0);
    this.last.storeOperation(store, outcome === 'ok');
  }
}
