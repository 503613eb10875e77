import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** How many looks at a connection its time is divided into: what it may be closed late by. */
const LOOKS = 10;

interface Quiet {
  readonly progress: string;
  /** Monotonic ms. */
  readonly sinceMs: number;
}

/**
 * Closes connections that stay idle for longer than they are kept. All are looked at now and then: Node's own
 * `keepAliveTimeout` sets two timers for each request.
 * @param isIdle whether everything asked on a connection was answered
 * @param keepAliveMs what an idle connection is kept for at the least
 */
export function closeIdle(
  server: Server,
  isIdle: (socket: Socket) => boolean,
  keepAliveMs: number,
): void {
  const connections = new Map<Socket, Quiet>();
  const look = (dueMs: number): void => {
    const nowMs = performance.now();
    for (const [socket, quiet] of connections) {
      const progress = progressOf(socket);
      if (progress !== quiet.progress || !isIdle(socket))
        connections.set(socket, { progress, sinceMs: nowMs });
      else if (dueMs - quiet.sinceMs >= keepAliveMs) socket.destroy();
    }
  };
  // This process may have stalled: what came until the look was due is read before it is missed.
  const clock = setInterval(() => {
    const dueMs = performance.now();
    setImmediate(() => look(dueMs));
  }, keepAliveMs / LOOKS).unref();
  server.on('connection', (socket: Socket) => {
    if (connections.has(socket)) return; // an offered upgrade was ignored: it begins anew
    connections.set(socket, { progress: '', sinceMs: 0 });
    socket.once('close', () => connections.delete(socket));
  });
  server.once('close', () => clearInterval(clock));
}

/** Differs as soon as anything was read, written, or taken by the other side. */
export function progressOf({ bytesRead, bytesWritten, writableLength }: Socket): string {
  return `${bytesRead} ${bytesWritten} ${writableLength}`;
}
