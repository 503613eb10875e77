import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Binds a server. A unix socket that a killed process left behind is replaced; one that somebody
 * still serves is not.
 * @returns how to reach it: `http://127.0.0.1:8080` or `unix:/path`
 * @throws what `server.listen` fails with (EADDRINUSE, EACCES, …)
 */
export async function listen(server: Server, address: ListenAddress): Promise<string> {
  if ('path' in address) {
    await removeStaleSocket(address.path);
    await bind(server, { path: address.path });
    // Whoever may connect may use the token: the user and its group, as with a file of theirs.
    chmodSync(address.path, 0o660);
    return `unix:${address.path}`;
  }
  await bind(server, address.host === '' ? { port: address.port } : { ...address });
  const { address: host, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`;
}

/**
 * Connections that may wait to be accepted; the system's own limit may be less. Beyond Node's 511 a
 * burst of new connections would lose some, and each of those tries again only after a second.
 */
const BACKLOG = 4096;

function bind(server: Server, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function removeStaleSocket(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  const served = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('close', () => resolve(false));
    probe.setTimeout(1000, () => resolve(true));
    probe.once('connect', () => probe.destroy());
  });
  if (!served) unlinkSync(path);
}
