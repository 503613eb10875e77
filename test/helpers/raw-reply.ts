/** Answers as bytes, sent as badly as it is told. */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Reply {
  /** Sends bytes as they are (text: one byte per character); waits until the socket takes more. */
  send(bytes: string | Uint8Array): Promise<void>;
  /** Sends with a pause of `ms` after each byte. */
  trickle(bytes: string | Uint8Array, ms?: number): Promise<void>;
  /** Closes the connection in an orderly way, whatever was promised. */
  cut(): void;
  /** Resets the connection. */
  reset(): void;
  /** Stops reading what the proxy sends. */
  stopReading(): void;
  readonly socket: Socket;
}

/** A small answer with everything right. */
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"errmsg":"ok"}';

/** An answer with this body and, unless told otherwise, its Content-Length. */
export function answerOf(body: string | Uint8Array, fields: readonly string[] = []): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : Buffer.from(body);
  const lines = ['HTTP/1.1 200 OK', ...fields, `Content-Length: ${bytes.length}`];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

export function replyOn(socket: Socket): Reply {
  const reply: Reply = {
    socket,
    async send(bytes) {
      if (socket.destroyed || socket.writableEnded) return;
      const more = typeof bytes === 'string' ? socket.write(bytes, 'latin1') : socket.write(bytes);
      if (more) return;
      await new Promise<void>((resolve) => {
        const taken = (): void => {
          socket.off('drain', taken).off('close', taken);
          resolve();
        };
        socket.on('drain', taken).on('close', taken);
      });
    },
    async trickle(bytes, ms = 0) {
      const all = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
      for (const byte of all) {
        await reply.send(Uint8Array.of(byte));
        await delay(ms);
      }
    },
    cut: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    stopReading: () => void socket.pause(),
  };
  return reply;
}
