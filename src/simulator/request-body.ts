import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

// Bodies that the simulated API reads are JSON of this size at most; larger ones are only hashed.
const KEPT_BYTES = 65_536;

/** A request body that has arrived whole. */
export interface ReceivedBody {
  readonly lengthBytes: number;
  /** SHA-256 in lowercase hex. */
  readonly sha256: string;
  /** The body itself up to 64 KiB, empty when it is larger. */
  readonly kept: Buffer;
}

export const EMPTY_BODY: ReceivedBody = {
  lengthBytes: 0,
  sha256: createHash('sha256').digest('hex'),
  kept: Buffer.alloc(0),
};

/** Whether a request announces a body at all. */
export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Reads a body to its end. Never settles when the client goes away before. */
export function receive(req: IncomingMessage): Promise<ReceivedBody> {
  return new Promise((resolve) => {
    const hash = createHash('sha256');
    let kept: Buffer[] = [];
    let lengthBytes = 0;
    req.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      lengthBytes += chunk.length;
      if (lengthBytes <= KEPT_BYTES) kept.push(chunk);
      else kept = [];
    });
    req.once('end', () => {
      const whole = lengthBytes <= KEPT_BYTES ? Buffer.concat(kept) : Buffer.alloc(0);
      resolve({ lengthBytes, sha256: hash.digest('hex'), kept: whole });
    });
  });
}
