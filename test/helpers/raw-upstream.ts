/**
 * An upstream without an HTTP library: it keeps the exact bytes of whatever arrives, reads them as
 * generously as the worst of servers would, and answers the bytes it is told, as badly as it is told.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Test } from 'tap';
import { Connection, type Answer, type RawConnection } from './raw-connection.ts';
import { answerOf, OK } from './raw-reply.ts';
import type { RawRequest } from './raw-request.ts';

export interface RawUpstream {
  /** `http://127.0.0.1:1234` */
  readonly url: string;
  /** All but token calls, in order of arrival. */
  readonly requests: readonly RawRequest[];
  /** Those that carried anything but token calls (or were cut before it could be told). */
  readonly connections: readonly RawConnection[];
  readonly tokenCalls: number;
  /** The token that the latest token call was answered with. Each call gets another one. */
  readonly token: string;
  /** How requests are answered from now on: a script, or bytes sent once the request is whole. */
  answer: Answer | string | Uint8Array;
  /** Token calls wait for this. */
  tokensAfter: Promise<unknown>;
  stop(): Promise<void>;
}

export async function startRawUpstream(
  t: Test,
  answer: RawUpstream['answer'] = OK,
): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const requests: RawRequest[] = [];
  const connections: Connection[] = [];
  let tokenCalls = 0;
  const upstream = {
    requests,
    connections,
    answer,
    tokensAfter: Promise.resolve() as Promise<unknown>,
    get tokenCalls() {
      return tokenCalls;
    },
    get token() {
      return tokenOf(tokenCalls);
    },
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void new Connection(socket, {
      arrived(request, connection) {
        if (connection.number === 0) connection.number = connections.push(connection);
        requests.push(request);
      },
      async issue() {
        await upstream.tokensAfter;
        tokenCalls++;
        return answerOf(JSON.stringify({ access_token: tokenOf(tokenCalls), expires_in: 7200 }));
      },
      answer: () => upstream.answer,
    }).serve();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  t.teardown(stop);
  const { port } = server.address() as AddressInfo;
  return Object.assign(upstream, { url: `http://127.0.0.1:${port}`, stop });
}

function tokenOf(number: number): string {
  return `raw-upstream-token-${String(number).padStart(4, '0')}-${'x'.repeat(100)}`;
}
