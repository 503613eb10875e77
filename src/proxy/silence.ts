import type { Socket } from 'node:net';
import type { Exchanges } from './exchange.ts';

/**
 * A connection on which nothing has moved for the idle timeout: whose turn is it?
 * The app's body is awaited: its exchange fails with 408. The app does not read its answer: the
 * connection ends. The upstream is awaited: its own time-outs deal with that. Nothing is awaited: an idle
 * connection is kept for longer; what is open no more and not idle either ends: its first request never came,
 * the rest of a body that was answered does not come, or the rest of an answer is not read.
 */
export function endSilence(socket: Socket, exchanges: Exchanges): void {
  const open = exchanges.on(socket);
  if (open.length === 0) {
    if (!exchanges.isIdle(socket)) socket.destroy();
    return;
  }
  let awaited = false;
  for (const exchange of open) awaited = exchange.silence() || awaited;
  if (!awaited && socket.writableLength > 0) socket.destroy();
}
