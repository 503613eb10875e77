import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ByteStream } from './answers.ts';
import type { Fault } from './faults.ts';
import { bodyBytesOf, send, writeHead } from './send.ts';

const DEFAULT_EVERY_MS = 5;
// A reset right behind the head could overtake it and look like a reset before the head.
const HEAD_LEAD_MS = 20;

/** What a fault may use besides the response. */
interface Means {
  /** Answers that wait to be released. */
  readonly held: Set<() => void>;
  /** Ends the connection with a TCP reset. */
  readonly reset: () => void;
}

/** Sends an answer the way a fault wants it to go wrong. */
export function misbehave(fault: Fault, answer: Answer, res: ServerResponse, means: Means): void {
  switch (fault.kind) {
    case 'hang':
      return;
    case 'hold':
      hold(() => send(answer, res), res, means.held);
      return;
    case 'delay':
      later(fault.delayMs ?? 0, res, () => send(answer, res));
      return;
    case 'reset':
      means.reset();
      return;
    case 'reset-after-head':
      writeHead(answer, res);
      res.flushHeaders();
      later(HEAD_LEAD_MS, res, means.reset);
      return;
    case 'cut':
      cut(answer, res);
      return;
    case 'slow':
      sendSlowly(answer, res, fault.everyMs ?? DEFAULT_EVERY_MS).catch(() => res.destroy());
      return;
    default:
      send(answer, res);
  }
}

function hold(release: () => void, res: ServerResponse, held: Set<() => void>): void {
  held.add(release);
  res.once('close', () => held.delete(release));
}

function later(ms: number, res: ServerResponse, act: () => void): void {
  const timer = setTimeout(act, ms);
  res.once('close', () => clearTimeout(timer));
}

function cut(answer: Answer, res: ServerResponse): void {
  writeHead(answer, res);
  res.flushHeaders();
  let left = Math.floor(bodyBytesOf(answer) / 2);
  for (const chunk of chunksOf(answer.body)) {
    if (left <= 0) break;
    res.write(chunk.subarray(0, left));
    left -= chunk.length;
  }
  res.socket?.destroySoon();
}

async function sendSlowly(answer: Answer, res: ServerResponse, everyMs: number): Promise<void> {
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  res.socket?.setNoDelay(true);
  writeHead(answer, res);
  for (const chunk of chunksOf(answer.body)) {
    for (let at = 0; at < chunk.length; at += 1) {
      res.write(chunk.subarray(at, at + 1));
      await sleep(everyMs, undefined, { signal: gone.signal });
    }
  }
  res.end();
}

function chunksOf(body: Buffer | ByteStream): Iterable<Buffer> {
  return Buffer.isBuffer(body) ? [body] : body.chunks();
}
