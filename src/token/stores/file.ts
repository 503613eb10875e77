/**
 * The store of one process that survives its restart. A file that cannot be used is a warning,
 * never a reason not to run, and never a token.
 */
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Clock } from '../clock.ts';
import { parseRecords, serialiseRecords } from './file-format.ts';
import { Silence } from './in-time.ts';
import { memoryStore, type AccountRecord } from './memory.ts';
import type { Patience } from './patience.ts';
import { readOwnFile, removeLeftovers, replaceFile } from './private-file.ts';
import type { TokenStore } from './store.ts';

interface FileStoreOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** `replaceFile` unless given. */
  readonly replace?: typeof replaceFile;
}

export function fileStore(options: FileStoreOptions): TokenStore {
  const { path, logger, metrics, replace = replaceFile } = options;
  const records = readRecords(options);
  removeLeftovers(path);
  let writing = Promise.resolve();
  let waiting = false;
  let warned = false;
  /** The write that runs has used up somebody's patience: nobody else waits for it. */
  let hangs = false;

  const write = async (): Promise<void> => {
    waiting = false;
    try {
      await replace(path, serialiseRecords(records));
      metrics.storeOperation('file', 'save', 'ok');
      warned = false;
    } catch (error) {
      metrics.storeOperation('file', 'save', 'failed');
      if (!warned) {
        logger.warn({ path, err: error }, 'the token file cannot be written: going on without it');
      }
      warned = true;
    } finally {
      hangs = false;
    }
  };
  const written = async (patience: Patience | undefined): Promise<void> => {
    if (hangs && patience !== undefined) return;
    try {
      await (patience === undefined ? writing : patience.wait(writing));
    } catch (error) {
      if (!(error instanceof Silence)) throw error;
      hangs = true;
      logger.warn({ path }, 'writing the token file takes long: going on without waiting for it');
    }
  };
  const memory = memoryStore(records, () => {
    // One write after the one that runs takes all changes that came meanwhile.
    if (!waiting) writing = writing.then(write);
    waiting = true;
  });
  return {
    ...memory,
    name: 'file',
    // What was fetched is on disk before it is used: a restart must find it.
    async save(appid, token, patience) {
      const held = await memory.save(appid, token);
      await written(patience);
      return held;
    },
    close: () => writing,
  };
}

function readRecords({
  path,
  clock,
  logger,
  metrics,
}: FileStoreOptions): Map<string, AccountRecord> {
  try {
    const text = readOwnFile(path);
    const records = text === undefined ? new Map() : parseRecords(text, clock.now());
    metrics.storeOperation('file', 'load', 'ok');
    if (isStale(records, clock.now())) {
      logger.warn({ path }, 'the token file is stale: the tokens in it have expired');
    }
    return records;
  } catch (error) {
    metrics.storeOperation('file', 'load', 'failed');
    logger.warn({ path, err: error }, 'the token file cannot be used: starting without it');
    return new Map();
  }
}

function isStale(records: ReadonlyMap<string, AccountRecord>, now: number): boolean {
  const tokens = [...records.values()].flatMap(({ token }) => token ?? []);
  return tokens.length > 0 && tokens.every(({ expiresAt }) => expiresAt <= now);
}
