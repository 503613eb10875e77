import { readFileSync } from 'node:fs';
import { readFaultReason } from '../telemetry/secret-file.ts';

/** A file or text is not what it should be. The message never quotes it: it may hold secrets. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';
}

/** The text of a file that may hold JSON. @throws {JsonTextError} when it cannot be read */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new JsonTextError(`cannot be used: ${readFaultReason(error)}`);
  }
}

/** A byte order mark before it is allowed. @throws {JsonTextError} with the place of the fault where the engine tells it */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1];
    throw new JsonTextError(`is not valid JSON${place(text, position)}`);
  }
}

function place(text: string, position: string | undefined): string {
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

/** Whether a parsed value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
