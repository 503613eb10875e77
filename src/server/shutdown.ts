import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.ts';
import type { Readiness } from './readiness.ts';

/** The requests that are open, as far as a shutdown is concerned. */
interface OpenRequests {
  /** From now on every answer says that its connection ends with it. */
  drain(): void;
  /** Resolves when no request is open. */
  empty(): Promise<void>;
}

interface ShutdownParts {
  readonly readiness: Readiness;
  readonly logger: Logger;
  readonly data: Server;
  readonly admin: Server;
  readonly exchanges: OpenRequests;
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
}

/**
 * Not ready first, so that nobody new is sent here; the drain delay gives them time to notice and
 * the proxy still serves. Then no new connections, and open requests may finish until the time-out.
 */
export async function shutDown(parts: ShutdownParts): Promise<void> {
  const { readiness, logger, data, admin, exchanges } = parts;
  readiness.stop();
  exchanges.drain();
  logger.info({ drainDelayMs: parts.drainDelayMs }, 'stopping: not ready from now on');
  await delay(parts.drainDelayMs);
  const closed = new Promise<void>((resolve) => data.close(() => resolve()));
  data.closeIdleConnections();
  const drained = exchanges.empty().then(() => true);
  const timeout = new AbortController();
  const inTime = await Promise.race([
    drained,
    delay(parts.drainTimeoutMs, false, { signal: timeout.signal }),
  ]);
  timeout.abort();
  if (!inTime)
    logger.warn(
      { drainTimeoutMs: parts.drainTimeoutMs },
      'requests were cut off: the drain timeout is over',
    );
  data.closeAllConnections();
  await closed;
  admin.close();
  admin.closeAllConnections();
  logger.info('stopped');
}
