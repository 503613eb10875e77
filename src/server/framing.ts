import type { IncomingMessage } from 'node:http';

/**
 * Why a request's end is not where everybody would look for it; undefined where it is. Node's parser
 * takes these, others read them differently: nothing that follows on the connection can be trusted.
 */
export function framingFault({ httpVersion, headers }: IncomingMessage): string | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    return `HTTP/${httpVersion} is not spoken here: HTTP/1.1 is`;
  }
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return undefined;
  if (coding.toLowerCase() !== 'chunked') {
    return 'only the transfer coding "chunked" is understood';
  }
  // RFC 9112 section 6.1
  return httpVersion === '1.0'
    ? 'HTTP/1.0 has no transfer codings: send a Content-Length'
    : undefined;
}

/** Whether a body comes behind the head. */
export function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
