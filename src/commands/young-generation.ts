import { setFlagsFromString } from 'node:v8';

/**
 * Keeps large transfers from leaving tens of megabytes of read buffers behind.
 *
 * Such buffers lie outside the heap, and V8 waits with collecting them until they outweigh twice the
 * largest young generation there may be. In V8 13 (Node 24) that is four times what it was, and
 * a 300 MB upload costs 70 MB of memory instead of 35. This is the former value again. V8 14 (Node 26)
 * has no such flag, and would say so on standard error.
 */
export function boundYoungGeneration(): void {
  if (Number.parseInt(process.versions.v8, 10) !== 13) return;
  setFlagsFromString('--scavenger-max-new-space-capacity-mb=8');
}
