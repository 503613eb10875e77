/**
 * Where log lines go. A reader that is blocked or gone must not take the proxy with it: output is
 * asynchronous, bounded, and its errors end here.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { pino, type DestinationStream } from 'pino';

interface LogOutput {
  readonly stream: DestinationStream;
  /** Writes what is still kept, for a second at most; later lines are dropped. */
  close(): Promise<void>;
}

/** Bytes kept for a reader of standard output that does not read; what comes after is dropped. */
const BACKLOG_BYTES = 1024 * 1024;
/** Said as soon as there is room again. */
const LOST = 'log lines were dropped: nobody read standard output';
/** How long a reader that does not read holds up the end of the process. */
const CLOSE_MS = 1000;

export async function standardOutput(format: 'json' | 'pretty'): Promise<LogOutput> {
  // Looking at it makes a pipe non-blocking. Else a write to a full one never comes back: a thread
  // is stuck in it for good, and the process waits for that thread when it is to end.
  void process.stdout;
  let flushing = false;
  const output = pino.destination({
    fd: 1,
    sync: false,
    maxLength: BACKLOG_BYTES,
    retryEAGAIN: () => !flushing,
  });
  let lost = 0;
  let told = 0;
  output.on('drop', (data: string) => {
    lost += data.includes(LOST) ? told : 1;
  });
  let failing = false;
  output.on('write', () => {
    failing = false;
  });
  output.on('error', () => {
    failing = true; // there is nobody left to tell: standard output itself is what failed
  });
  // When the process ends, it would try for ever to write what a full disk or pipe does not take.
  const flushSync = output.flushSync.bind(output);
  output.flushSync = () => {
    if (failing) return;
    flushing = true;
    try {
      flushSync();
    } catch {
      // The pipe is full: its reader had its time.
    } finally {
      flushing = false;
    }
  };
  const pretty = format === 'pretty' ? await prettily(output) : undefined;
  const target = pretty ?? output;
  const tellLost = (): void => {
    if (lost === 0) return;
    told = lost;
    lost = 0;
    target.write(lostLine(told));
  };
  let closed = false;
  return {
    stream: {
      write(line) {
        if (closed) return;
        if ((pretty?.writableLength ?? 0) > BACKLOG_BYTES) {
          lost += 1;
          return;
        }
        tellLost();
        target.write(line);
      },
    },
    async close() {
      closed = true;
      if (failing) return;
      tellLost();
      const over = new AbortController();
      const written = new Promise<void>((resolve) => {
        output.once('close', resolve).once('error', () => resolve());
      });
      target.end();
      await Promise.race([written, delay(CLOSE_MS, undefined, { signal: over.signal })]);
      over.abort();
    },
  };
}

/** As the logger writes them, which this cannot go through. */
function lostLine(lines: number): string {
  const time = new Date().toISOString();
  return `${JSON.stringify({ level: 'warn', time, lines, msg: LOST })}\n`;
}

async function prettily(destination: ReturnType<typeof pino.destination>) {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ destination, ignore: 'pid,hostname', singleLine: true, sync: false });
}
