import type { Socket } from 'node:net';

/** Whom a socket reads for. */
export interface SocketReader {
  /**
   * @param bytes what came lies at their beginning; they are the next read's as well
   * @returns whether to go on reading
   */
  read(bytes: Buffer, length: number): boolean;
}

const READ_BYTES = 64 * 1024;

const readers = new WeakMap<Socket, SocketReader>();

/** @param reader undefined: nobody any more */
export function readsFor(socket: Socket, reader: SocketReader | undefined): void {
  if (reader === undefined) readers.delete(socket);
  else readers.set(socket, reader);
}

/**
 * A socket's `onread` option (`net.Socket`): its streams are left out, and all sockets read into the same bytes.
 * Each reader is done with them when it returns, and nothing is read meanwhile.
 */
export const readBytes = {
  buffer: Buffer.allocUnsafeSlow(READ_BYTES),
  callback(this: Socket, length: number, bytes: Uint8Array): boolean {
    const reader = readers.get(this);
    if (reader !== undefined) return reader.read(bytes as Buffer, length);
    this.destroy(); // nobody has asked
    return false;
  },
};
