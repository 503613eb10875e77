/** Bodies that are too large to be kept, for tests that watch what keeping them would cost. */
import { createCipheriv, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const BLOCK = Buffer.alloc(256 * 1024);

export interface LargeBody {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** The same bytes each time, different at every place. */
  blocks(): Iterable<Buffer>;
}

/** @param bytes a multiple of 256 KiB */
export function largeBody(bytes: number): LargeBody {
  const hash = createHash('sha256');
  for (const block of blocks(bytes)) hash.update(block);
  return { bytes, sha256: hash.digest('hex'), blocks: () => blocks(bytes) };
}

function* blocks(bytes: number): Generator<Buffer> {
  const stream = createCipheriv('aes-128-ctr', BLOCK.subarray(0, 16), BLOCK.subarray(0, 16));
  for (let sent = 0; sent < bytes; sent += BLOCK.length) yield stream.update(BLOCK);
}

/** The most that a process keeps in memory while it is watched, above what it kept before. */
export class MemoryWatch {
  readonly #pid: number;
  readonly #before: number;
  readonly #timer: NodeJS.Timeout;
  #most: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = this.#most = residentBytes(pid);
    this.#timer = setInterval(() => this.#look(), 20);
  }

  /** Stops watching. */
  stop(): number {
    clearInterval(this.#timer);
    this.#look();
    return this.#most - this.#before;
  }

  #look(): void {
    this.#most = Math.max(this.#most, residentBytes(this.#pid));
  }
}

function residentBytes(pid: number): number {
  const [, kibibytes] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
