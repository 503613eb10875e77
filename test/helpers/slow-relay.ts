/** A way to a server on which its answers take a while, in the order they were given. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Test } from 'tap';

export interface SlowRelay {
  readonly port: number;
  /** How long each answer from now on is under way. */
  latencyMs: number;
}

export async function slowRelay(t: Test, toPort: number, latencyMs = 0): Promise<SlowRelay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(toPort, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => other.destroy());
    }
    near.pipe(far);
    let last = Promise.resolve();
    far.on('data', (chunk: Buffer) => {
      const due = new Promise<void>((resolve) => {
        setTimeout(resolve, relay.latencyMs).unref();
      });
      last = last.then(() => due).then(() => void near.write(chunk));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const relay = { port: (server.address() as AddressInfo).port, latencyMs };
  return relay;
}
