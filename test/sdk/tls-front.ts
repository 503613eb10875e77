/** Ends TLS before a plain-http address, as a reverse proxy or a mesh would for SDKs that insist on https. */
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Test } from 'tap';
import { selfSigned } from '../unit/simulator/certificate.ts';
import { passBytes } from './pass-bytes.ts';

export interface TlsFront {
  /** `127.0.0.1:1234`: https is spoken here. */
  readonly host: string;
  /** PEM, for the client to trust. */
  readonly ca: string;
  /** Where connections go from now on. */
  leadTo(baseUrl: string): void;
}

export async function openTlsFront(t: Test): Promise<TlsFront> {
  const { key, cert } = selfSigned();
  const open = new Set<Socket>();
  let port = 0;
  const server = createServer({ key, cert }, (client) => {
    const behind = connect(port, '127.0.0.1');
    passBytes(client, behind, open);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: cert,
    leadTo(baseUrl) {
      port = Number(new URL(baseUrl).port);
    },
  };
}
