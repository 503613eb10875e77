import { createLogger, type Logger } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';

/** Who a store tells what happens to it, and what it has told. */
export interface StoreBench {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Every line, at level trace. */
  readonly log: readonly string[];
  /** The messages at level warn or above. */
  readonly warnings: () => readonly string[];
  /** `store_operations_total` of an operation. */
  readonly count: (operation: string, outcome: 'ok' | 'failed') => Promise<number>;
}

export async function storeBench(): Promise<StoreBench> {
  const log: string[] = [];
  const metrics = new Metrics({ version: '0', processMetrics: false });
  const logger = await createLogger({
    level: 'trace',
    format: 'json',
    destination: { write: (line: string) => void log.push(line) },
  });
  return {
    logger,
    metrics,
    log,
    warnings: () =>
      log
        .map((line) => JSON.parse(line) as { level: string; msg: string })
        .filter(({ level }) => level === 'warn' || level === 'error')
        .map(({ msg }) => msg),
    async count(operation, outcome) {
      const { values } = await (
        metrics.registry.getSingleMetric('wxproxy_store_operations_total') as {
          get(): Promise<{ values: { labels: Record<string, unknown>; value: number }[] }>;
        }
      ).get();
      return values
        .filter(({ labels }) => labels['operation'] === operation && labels['outcome'] === outcome)
        .reduce((sum, { value }) => sum + value, 0);
    },
  };
}
