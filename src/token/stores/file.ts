/**
 * The store of one process that survives its restart: a small JSON file, mode 0600, replaced as a
 * whole. A file that cannot be used is a warning, never a reason not to run, and never a token.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Token } from '../token.ts';
import { memoryStore, type AccountRecord } from './memory.ts';
import type { TokenStore } from './store.ts';

export interface FileStoreOptions {
  readonly path: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const FORMAT = 1;

export function fileStore({ path, logger, metrics }: FileStoreOptions): TokenStore {
  const records = readRecords(path, logger, metrics);
  let writing: Promise<void> | undefined;
  let again = false;
  let warned = false;

  const write = async (): Promise<void> => {
    do {
      again = false;
      try {
        await replaceFile(path, serialise(records));
        metrics.storeOperation('file', 'save', 'ok');
        warned = false;
      } catch (error) {
        metrics.storeOperation('file', 'save', 'failed');
        if (!warned)
          logger.warn(
            { path, err: error },
            'the token file cannot be written: going on without it',
          );
        warned = true;
      }
    } while (again);
    writing = undefined;
  };
  const changed = (): void => {
    again = true;
    writing ??= write();
  };
  const memory = memoryStore(records, changed);
  const written = async (): Promise<void> => {
    while (writing !== undefined) await writing;
  };
  return {
    ...memory,
    name: 'file',
    // What was fetched is on disk before it is used: a restart must find it.
    async save(appid, token) {
      const held = await memory.save(appid, token);
      await written();
      return held;
    },
    close: written,
  };
}

function readRecords(path: string, logger: Logger, metrics: Metrics): Map<string, AccountRecord> {
  try {
    const text = readOwnFile(path);
    metrics.storeOperation('file', 'load', 'ok');
    return text === undefined ? new Map() : parse(text);
  } catch (error) {
    metrics.storeOperation('file', 'load', 'failed');
    logger.warn({ path, err: error }, 'the token file cannot be used: starting without it');
    return new Map();
  }
}

/** @returns undefined where there is no file yet @throws when the file may be somebody else's work */
function readOwnFile(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { uid, mode } = fstatSync(fd);
    if (uid !== process.getuid?.()) throw new Error('it belongs to another user');
    if ((mode & 0o077) !== 0) throw new Error('others may read or write it: its mode must be 0600');
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function serialise(records: ReadonlyMap<string, AccountRecord>): string {
  return `${JSON.stringify({ format: FORMAT, accounts: Object.fromEntries(records) })}\n`;
}

function parse(text: string): Map<string, AccountRecord> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error('it is not complete, or not one of ours'); // the parser would quote the file
  }
  const { format, accounts } = (parsed ?? {}) as { format?: unknown; accounts?: unknown };
  if (format !== FORMAT || typeof accounts !== 'object' || accounts === null) {
    throw new Error('it is not one of ours');
  }
  const records = Object.entries(accounts as Record<string, AccountRecord>);
  if (!records.every(([, record]) => isRecord(record))) throw new Error('it is damaged');
  return new Map(records);
}

function isRecord({ token, cooldown, forced = [] }: AccountRecord): boolean {
  return (
    (token === undefined || isToken(token)) &&
    (cooldown === undefined ||
      [cooldown.generation, cooldown.until, cooldown.lengthMs].every(Number.isFinite)) &&
    Array.isArray(forced) &&
    forced.every(Number.isFinite)
  );
}

function isToken({ value, expiresAt, generation }: Token): boolean {
  return (
    typeof value === 'string' &&
    /^[\x21-\x7e]{1,4096}$/.test(value) &&
    Number.isFinite(expiresAt) &&
    Number.isSafeInteger(generation) &&
    generation > 0
  );
}

/** Readers see the old content or the new one, never a part; no one else may read either. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.wxproxy`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary);
    throw error;
  }
}
