import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ProxyError } from '../errors.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { errorBody } from './error-response.ts';
import type { Exchanges } from './exchange.ts';

/**
 * Answers what Node's parser did not make a request of, and ends the connection: what follows on it
 * cannot be told apart any more. Answers that are still owed there go out first.
 */
export async function refuseRaw(
  socket: Socket,
  status: 400 | 405 | 408 | 431,
  why: string,
  { exchanges, metrics }: { readonly exchanges: Exchanges; readonly metrics: Metrics },
): Promise<void> {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  metrics.refused('request_refused');
  const error = new ProxyError('ERR_REQUEST_REFUSED', why, { status });
  const body = errorBody(error);
  socket.pause();
  await exchanges.emptyOn(socket);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nx-wxproxy-error: ${error.code}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
  // The other side may be sending for ever; what it sends is not read.
  socket.once('finish', () => socket.destroySoon());
}
