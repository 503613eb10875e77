import type { ServerResponse } from 'node:http';
import type { ProxyError } from '../errors.ts';

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
  res.writeHead(error.status, headers);
  res.end(body);
}
