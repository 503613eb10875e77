/** A cable between a client and the proxy that remembers what went over it, both ways. */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Test } from 'tap';
import { passBytes } from './pass-bytes.ts';

/** A request as the client sent it. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Its body, taken out of its chunks. */
  readonly body: Buffer;
}

export interface Wire {
  /** Stands in for the proxy's base URL. */
  readonly url: string;
  /** Every request so far. */
  sent(): Promise<SentRequest[]>;
  /** Every byte that the client was ever given, as latin-1 text. */
  received(): string;
}

export async function layWire(t: Test, proxyUrl: string): Promise<Wire> {
  const port = Number(new URL(proxyUrl).port);
  const upwards: Buffer[][] = [];
  const downwards: Buffer[][] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const proxy = connect(port, '127.0.0.1');
    record(client, upwards);
    record(proxy, downwards);
    passBytes(client, proxy, open);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: async () =>
      (await Promise.all(upwards.map((chunks) => requestsIn(Buffer.concat(chunks))))).flat(),
    received: () => downwards.map((chunks) => Buffer.concat(chunks).toString('latin1')).join('\n'),
  };
}

function record(socket: Socket, into: Buffer[][]): void {
  const chunks: Buffer[] = [];
  into.push(chunks);
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
}

/** Has Node read the recorded bytes of a connection as the requests they are. */
async function requestsIn(bytes: Buffer): Promise<SentRequest[]> {
  const requests: Promise<SentRequest>[] = [];
  const server = createHttpServer((req, res) => {
    const { method = '', url = '', headers } = req;
    requests.push(buffer(req).then((body) => ({ method, url, headers, body })));
    req.once('end', () => res.end());
  });
  // A recording ends before its requests are answered: that is no reason to abort them.
  Object.assign(server, { httpAllowHalfOpen: true });
  const connection = new Duplex({
    read() {},
    write: (_chunk, _encoding, done: () => void) => done(),
  });
  server.emit('connection', connection);
  connection.push(bytes);
  connection.push(null);
  await once(connection, 'close');
  return Promise.all(requests);
}
