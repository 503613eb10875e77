/** Pictures, and bytes by the million, made up. */
import type { ByteStream } from './answers.ts';

const BLOCK_BYTES = 65_536;
const PATTERN = xorshiftBytes(BLOCK_BYTES);

// The first bytes of a JPEG and a PNG file: what clients look at to tell an image from JSON.
export const JPEG = Buffer.concat([Buffer.from('ffd8ffe000104a46494600', 'hex'), bytes(2_048)]);
export const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), bytes(4_096)]);

/** Bytes that are the same at every call, for proving that a download arrived whole. */
export function bytes(lengthBytes: number): Buffer {
  return Buffer.concat([...byteStream(lengthBytes).chunks()], lengthBytes);
}

/** The same bytes as `bytes`, a block at a time. */
export function byteStream(lengthBytes: number): ByteStream {
  return {
    lengthBytes,
    *chunks() {
      for (let sent = 0, index = 0; sent < lengthBytes; sent += BLOCK_BYTES, index += 1) {
        const block = Buffer.from(PATTERN);
        // The first byte stays: it is no `{`. The number makes a lost or swapped block visible.
        block.writeUInt32BE(index, 4);
        yield block.subarray(0, Math.min(BLOCK_BYTES, lengthBytes - sent));
      }
    },
  };
}

function xorshiftBytes(length: number): Buffer {
  const out = Buffer.alloc(length);
  let x = 0x9e3779b9;
  for (let at = 0; at < length; at += 4) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out.writeInt32LE(x, at);
  }
  out[0] = 0xff;
  return out;
}
