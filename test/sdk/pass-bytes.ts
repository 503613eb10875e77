import type { Socket } from 'node:net';

/** Passes on what either socket gets. @param open where both are found while they are open */
export function passBytes(one: Socket, other: Socket, open: Set<Socket>): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    open.add(from);
    from.once('error', () => to.destroy());
    from.once('close', () => open.delete(from));
    from.pipe(to);
  }
}
