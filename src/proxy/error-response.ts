import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { ProxyError } from '../errors.ts';

/** RFC 9110 section 15.5.6 wants it; what else is not refused is of no use with WeChat. */
const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** The body of every refusal: the shape SDKs know from WeChat. */
export function errorBody(error: ProxyError): string {
  return JSON.stringify({ errcode: error.errcode, errmsg: `${error.message} (${error.code})` });
}

/** Answers with an error, or cuts an answer that has begun: a cut answer must not look whole. */
export function respondError(res: ServerResponse, error: ProxyError, requestId: string): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
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
  // The phrase too: an answer that could not be passed on may have left its own.
  res.writeHead(error.status, STATUS_CODES[error.status] ?? '', headers);
  res.end(body);
}
