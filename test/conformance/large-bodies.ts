/** Bodies that are too large to be kept, for tests that watch what keeping them would cost. */
import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import type { Test } from 'tap';
import { startServer, type ServerProcess } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { type RawUpstream, startRawUpstream } from '../helpers/raw-upstream.ts';
import { LANES } from './on-each-lane.ts';

export const MIB = 1024 * 1024;
/** What a transfer may cost at most. V8 14 (Node 26) keeps more read buffers, and has no flag for it. */
export const GROWTH_BYTES =
  Number.parseInt(process.versions.v8, 10) < 14 ? 60_000_000 : 100_000_000;
/** Memory is read from /proc. */
export const SKIP = process.platform === 'linux' ? false : 'this system has no /proc';

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

/** A proxy in a process of its own, warmed up: what it takes to work at all is no growth. */
export async function warmServer(
  t: Test,
): Promise<{ server: ServerProcess; upstream: RawUpstream }> {
  const upstream = await startRawUpstream(t);
  const server = await startServer(t, {
    WXPROXY_UPSTREAM: upstream.url,
    WXPROXY_REPLAY_BODY_LIMIT: '1KiB',
  });
  await until(async () => (await fetch(`${server.admin}/readyz`)).ok, 'the program is ready');
  for (let i = 0; i < 50; i++) {
    for (const { path } of LANES) {
      const answer = await fetch(server.url + path, { method: 'POST', body: 'x'.repeat(i * 100) });
      await answer.arrayBuffer();
    }
  }
  return { server, upstream };
}

/** Writes as fast as it is taken, and ends the request. */
export async function write(
  upload: ClientRequest,
  pieces: Iterable<Buffer>,
  sent: (bytes: number) => void = () => {},
): Promise<void> {
  for (const piece of pieces) {
    if (!upload.write(piece)) await once(upload, 'drain');
    sent(piece.length);
  }
  upload.end();
}
