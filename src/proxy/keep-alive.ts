import type { ServerResponse } from 'node:http';

/** What apps are told: longer than common client pools keep an idle connection, 60 s. */
const TOLD_S = 65;
const HINT = `timeout=${TOLD_S}`;

/** How long apps' connections are kept while idle: what is sent at the last moment is still under way then. */
export const KEEP_ALIVE_MS = (TOLD_S + 2) * 1000;

/**
 * Tells the app how long its connection is kept (RFC 2068 section 19.7.1.1), where it is. Node would do so too,
 * but only with two timers for each request.
 * @param headers flat list of the answer's names and values @param hasLength whether a `Content-Length` is there
 */
export function hintKeepAlive(res: ServerResponse, headers: string[], hasLength: boolean): void {
  // In HTTP/1.0 an answer without a length ends with its connection, in all but the oddest cases.
  const mayGoOn = hasLength || res.req.httpVersionMinor > 0;
  if (mayGoOn && res.shouldKeepAlive) headers.push('Keep-Alive', HINT);
}
