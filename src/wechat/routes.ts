import { TOKEN_PATHS } from './token-endpoints.ts';

/**
 * What a call is, from its path (and the names in its query) alone.
 *
 * - `api`: carries the app token: inject, inspect, replay
 * - `token-endpoint`: answered by the proxy, never forwarded: it would rotate the token under everybody
 * - `code-exchange`: carries appid and secret and is good for one use: inject them, never replay
 * - `user-token`, `other-token`: carry somebody else's token: forwarded untouched
 */
export const ROUTES = [
  'api',
  'token-endpoint',
  'code-exchange',
  'user-token',
  'other-token',
] as const;

export type Route = (typeof ROUTES)[number];

const FIXED: ReadonlyMap<string, Route> = new Map([
  ['/sns/jscode2session', 'code-exchange'],
  ['/sns/oauth2/access_token', 'code-exchange'],
  ['/cgi-bin/clear_quota/v2', 'code-exchange'],
  ['/sns/userinfo', 'user-token'],
  ['/sns/auth', 'user-token'],
]);

const TOKEN_ENDPOINTS = Object.values(TOKEN_PATHS);
/** The one call whose answer quotes the request's URL, real token included. */
const QUOTING = '/cgi-bin/openapi/rid/get';

const FOREIGN_TOKENS: ReadonlySet<string> = new Set([
  'component_access_token',
  'cloudbase_access_token',
]);

/**
 * @param path the canonical path (`canonicalPath`), without query
 * @param query the raw query without `?`
 */
export function classify(path: string, query: string): Route {
  // WeChat's paths are case-sensitive, but a mistaken guess here would let a rotation through.
  if (TOKEN_ENDPOINTS.some((endpoint) => isSameButCase(path, endpoint))) return 'token-endpoint';
  const fixed = FIXED.get(path);
  if (fixed !== undefined) return fixed;
  if (path.startsWith('/sns/') || path.startsWith('/cgi-bin/component/')) return 'other-token';
  return carriesForeignToken(query) ? 'other-token' : 'api';
}

function carriesForeignToken(query: string): boolean {
  // Nearly all queries show at a glance that they do not.
  if (!query.includes('%') && !query.includes('_access_token=')) return false;
  return query.split('&').some((pair) => {
    const equals = pair.indexOf('=');
    return equals > 0 && FOREIGN_TOKENS.has(decoded(pair.slice(0, equals)));
  });
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // not percent-encoding: then it is meant literally
  }
}

/** Whether the call's answer quotes tokens. */
export function quotesToken(path: string): boolean {
  return isSameButCase(path, QUOTING);
}

function isSameButCase(path: string, lowerCase: string): boolean {
  return path.length === lowerCase.length && path.toLowerCase() === lowerCase;
}
