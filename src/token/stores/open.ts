import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Secret } from '../../telemetry/secret.ts';
import type { Clock } from '../clock.ts';
import { withFallback } from './fallback.ts';
import { fileStore } from './file.ts';
import { memoryStore } from './memory.ts';
import { STORE_PATIENCE_MS } from './patience.ts';
import type { TokenStore } from './store.ts';

type StoreChoice =
  | { readonly kind: 'memory' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'redis'; readonly url: Secret };

interface OpenStoreOptions {
  /** One token call; a refresh makes two at most while it holds the lock. */
  readonly tokenTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The store that the settings name. The Redis client is loaded only for a Redis store. */
export async function openStore(
  choice: StoreChoice,
  { tokenTimeoutMs, clock, logger, metrics }: OpenStoreOptions,
): Promise<TokenStore> {
  if (choice.kind === 'memory') return memoryStore();
  if (choice.kind === 'file') return fileStore({ path: choice.path, clock, logger, metrics });
  const { redisStore } = await import('./redis.ts');
  const shared = redisStore({
    url: choice.url,
    timeoutMs: STORE_PATIENCE_MS,
    lockMs: 2 * tokenTimeoutMs + 4 * STORE_PATIENCE_MS,
    onError: (error) => logger.debug({ err: error }, 'redis connection'),
  });
  return withFallback(shared, { clock, logger, metrics });
}
