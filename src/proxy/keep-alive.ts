import type { ServerResponse } from 'node:http';

/** How long apps' connections are kept while idle: longer than common client pools keep them, 60 s. */
export const KEEP_ALIVE_MS = 65_000;

const HINT = `timeout=${KEEP_ALIVE_MS / 1000}`;

/**
 * Tells the app how long its connection is kept (RFC 2068 section 19.7.1.1), where it is. Node would do so too,
 * but only with two timers for each request.
 * @param headers flat list of the answer's names and values @param hasLength whether a `Content-Length` is there
 */
export function hintKeepAlive(res: ServerResponse, headers: string[], hasLength: boolean): void {
  // In HTTP/1.0 an answer without a length ends with its connection.
  const mayGoOn = hasLength || res.req.httpVersionMinor > 0;
  if (mayGoOn && res.shouldKeepAlive) headers.push('Keep-Alive', HINT);
}
