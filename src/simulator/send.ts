/** How an answer leaves. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Answer } from './answers.ts';
import type { Rules } from './rules.ts';

const COMPRESSORS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const;

/** Compresses an answer, when the rules say so and the client accepts it. */
export function encode(answer: Answer, req: IncomingMessage, encoding: Rules['encoding']): Answer {
  if (encoding === 'identity' || !Buffer.isBuffer(answer.body) || answer.body.length === 0) {
    return answer;
  }
  if (!(req.headers['accept-encoding'] ?? '').includes(encoding)) return answer;
  const headers = { ...answer.headers, 'Content-Encoding': encoding };
  return { ...answer, headers, body: COMPRESSORS[encoding](answer.body) };
}

/** Sends a whole answer. A large one is made as fast as the client takes it, and no faster. */
export function send(answer: Answer, res: ServerResponse): void {
  writeHead(answer, res);
  if (Buffer.isBuffer(answer.body)) {
    res.end(answer.body);
    return;
  }
  const source = Readable.from(answer.body.chunks(), { objectMode: false });
  // A client that goes away in the middle is no failure here: the request log shows it.
  pipeline(source, res).catch(() => {});
}

/** Sends the head alone. What the answer does not state of length and connection is added. */
export function writeHead(answer: Answer, res: ServerResponse): void {
  const headers: Record<string, string | number | string[]> = {};
  const given = new Set<string>();
  for (const [name, value] of Object.entries(answer.headers)) {
    headers[name] = typeof value === 'string' ? value : [...value];
    given.add(name.toLowerCase());
  }
  if (!given.has('content-length') && !given.has('transfer-encoding') && !answer.chunked) {
    headers['Content-Length'] = bodyBytesOf(answer);
  }
  // Always said: Node would add a Keep-Alive hint that warns clients of the idle limit.
  if (!given.has('connection')) {
    headers['Connection'] = answer.close || !res.shouldKeepAlive ? 'close' : 'keep-alive';
  }
  res.writeHead(answer.status, headers);
}

/** The length of the body in bytes, of one not made yet as well. */
export function bodyBytesOf({ body }: Answer): number {
  return Buffer.isBuffer(body) ? body.length : body.lengthBytes;
}
