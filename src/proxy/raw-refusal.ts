import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ProxyError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { ALLOWED, errorBody } from './error-response.ts';
import type { Exchanges } from './exchange.ts';

/** How long what follows is still read, unheard, so that its sender gets to see the answer. */
const LINGER_MS = 2000;

const refused = new WeakSet<Socket>();

interface RawRefusalParts {
  readonly exchanges: Exchanges;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * Answers what Node's parser did not make a request of, and ends the connection: what follows on it
 * cannot be told apart any more. Answers that are still owed there go out first. Where it is a
 * request's body that cannot be read, that request gets this answer, unless it has another already.
 */
export async function refuseRaw(
  socket: Socket,
  status: 400 | 405 | 408 | 431,
  why: string,
  { exchanges, metrics, logger }: RawRefusalParts,
): Promise<void> {
  // The parser goes on to report every piece of what follows.
  if (refused.has(socket)) return;
  refused.add(socket);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const error = new ProxyError('ERR_REQUEST_REFUSED', why, { status, closes: true });
  const arriving = exchanges.arrivingOn(socket);
  if (arriving === undefined) {
    metrics.refused('request_refused');
    logger.info({ code: error.code, status, err: error }, 'request refused');
  } else if (exchanges.on(socket).includes(arriving)) arriving.malformed(error);
  await exchanges.emptyOn(socket);
  // An answer that ends the connection was the last one.
  if (!socket.writable) return;
  if (arriving === undefined) socket.end(rawAnswer(error));
  else socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

function rawAnswer(error: ProxyError): string {
  const body = errorBody(error);
  return (
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nx-wxproxy-error: ${error.code}\r\n` +
    `${error.status === 405 ? `allow: ${ALLOWED}\r\n` : ''}connection: close\r\n\r\n${body}`
  );
}
