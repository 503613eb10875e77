/** What the file store writes: one JSON object, with its digest. */
import { createHash } from 'node:crypto';
import { isToken, LONGEST_LIFE_MS } from '../token.ts';
import type { AccountRecord } from './memory.ts';

const FORMAT = 1;

export function serialiseRecords(records: ReadonlyMap<string, AccountRecord>): string {
  const accounts = Object.fromEntries(records);
  return `${JSON.stringify({ format: FORMAT, sha256: digest(accounts), accounts })}\n`;
}

/** What a failing disk has changed must not be served as a token. */
function digest(accounts: object): string {
  return createHash('sha256').update(JSON.stringify(accounts)).digest('hex');
}

/**
 * @param now epoch ms
 * @throws when anything in the text is not what `serialiseRecords` writes; it quotes nothing of it
 */
export function parseRecords(text: string, now: number): Map<string, AccountRecord> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Error('it is not complete, or not one of ours'); // the parser would quote the file
  }
  if (!isObject(parsed) || parsed['format'] !== FORMAT || !isObject(parsed['accounts'])) {
    throw new Error('it is not one of ours');
  }
  const records = Object.entries(parsed['accounts']);
  const isWhole = parsed['sha256'] === digest(parsed['accounts']);
  if (!isWhole || !records.every(([, record]) => isRecord(record))) {
    throw new Error('it is damaged');
  }
  const read = new Map(records as [string, AccountRecord][]);
  for (const { token } of read.values()) {
    // No token lives longer: one that seems to was written before the clock was set back.
    if (token !== undefined && token.expiresAt - now > LONGEST_LIFE_MS) {
      throw new Error('it is from the future: was the clock set back?');
    }
  }
  return read;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRecord(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { token, cooldown, forced = [] } = value;
  return (
    (token === undefined || (isObject(token) && isToken(token))) &&
    (cooldown === undefined || isCooldown(cooldown)) &&
    Array.isArray(forced) &&
    forced.every(Number.isFinite)
  );
}

function isCooldown(value: unknown): boolean {
  return (
    isObject(value) &&
    [value['generation'], value['until'], value['lengthMs']].every(Number.isFinite)
  );
}
