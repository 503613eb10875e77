import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { ProxyError } from '../errors.ts';
import type { Exchange } from './exchange.ts';
import { hintKeepAlive } from './keep-alive.ts';

/** RFC 9110 section 15.5.6 wants it; what else is not refused is of no use with WeChat. */
export const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** The body of every refusal: the shape SDKs know from WeChat. */
export function errorBody(error: ProxyError): string {
  return JSON.stringify({ errcode: error.errcode, errmsg: `${error.message} (${error.code})` });
}

/** Answers with an error, or cuts an answer that has begun: a cut answer must not look whole. */
export function respondError(
  { res, id: requestId, before }: Pick<Exchange, 'res' | 'id' | 'before'>,
  error: ProxyError,
): void {
  if (res.headersSent) return cut(res, before);
  const body = Buffer.from(errorBody(error));
  const headers = [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(body.length),
    'cache-control',
    'no-store',
    'x-wxproxy-error',
    error.code,
    'x-wxproxy-request-id',
    requestId,
  ];
  if (error.retryAfterS !== undefined) headers.push('retry-after', String(error.retryAfterS));
  if (error.status === 405) headers.push('allow', ALLOWED);
  if (error.closes) res.shouldKeepAlive = false;
  // Who waits for leave to send may get this instead: then Node ends the connection.
  if (res.req.headers.expect === undefined) hintKeepAlive(res, headers, true);
  // The phrase too: an answer that could not be passed on may have left its own.
  res.writeHead(error.status, STATUS_CODES[error.status] ?? '', headers);
  res.end(body);
}

/** What ends with its connection, as a body in HTTP/1.0 may, looks cut only where that is reset. */
function cut(res: ServerResponse, before: ServerResponse | undefined): void {
  const { socket } = res;
  if (socket === null && before !== undefined && !before.closed) {
    // It queues behind another answer. Node would not notice that it is destroyed: the connection
    // goes as soon as what is owed before it has left.
    before.once('close', () => res.req.socket.destroy());
    return;
  }
  const endsWithConnection = res.req.httpVersionMinor === 0;
  // A unix socket cannot be reset.
  if (endsWithConnection && socket?.remoteAddress !== undefined) socket.resetAndDestroy();
  else res.destroy();
}
