/**
 * Refuses what must not be forwarded, before anything is read or fetched for it.
 */
import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { ProxyError } from '../errors.ts';
import { onlyValue } from './headers.ts';
import { canonicalPath } from './target.ts';

interface GuardOptions {
  /** Names that `Host` may hold besides the loopback ones; a port they come with does not count. */
  readonly hosts: readonly string[];
  readonly allowPaths: readonly string[];
  readonly denyPaths: readonly string[];
  /** Our pseudonym in `Via`. */
  readonly pseudonym: string;
}

export interface Guard {
  /** @throws {ProxyError} for what can be told from the request's head alone */
  checkHead(req: IncomingMessage): void;
  /** @throws {ProxyError} ERR_FORBIDDEN for a path that is not to be called */
  checkPath(path: string, canonical: string): void;
}

export function createGuard(options: GuardOptions): Guard {
  const isOurHost = remembered(hostMatcher(options.hosts));
  const allow = options.allowPaths.map((pattern) => pathPattern(pattern, ''));
  // An unknown upstream may fold case: what is denied is denied in any spelling.
  const deny = options.denyPaths.map((pattern) => pathPattern(pattern, 'i'));
  return {
    checkHead(req) {
      checkMethod(req);
      checkHost(req, isOurHost);
      checkBrowser(req);
      checkLoop(req, options.pseudonym);
    },
    checkPath(path, canonical) {
      if (deny.some((pattern) => pattern.test(canonical) || pattern.test(path))) {
        throw forbiddenPath('denied');
      }
      if (allow.length === 0) return;
      // A spelling that the upstream might read differently than we do cannot be allowed.
      if (path !== canonical || !allow.some((pattern) => pattern.test(canonical))) {
        throw forbiddenPath('not among the allowed ones');
      }
    },
  };
}

function checkMethod({ method, headers }: IncomingMessage): void {
  if (method === 'TRACE' || method === 'CONNECT') {
    throw refused(`the method ${method} is not forwarded`, 405);
  }
  // Java's HttpClient offers h2c on every request and is content with HTTP/1.1.
  const offered = headers.upgrade?.toLowerCase().split(',');
  if (offered?.some((protocol) => protocol.trim() !== 'h2c')) {
    throw refused('WeChat has no WebSockets: an Upgrade is not forwarded');
  }
}

function checkHost(req: IncomingMessage, isOurHost: (host: string) => boolean): void {
  const host = onlyValue(req.rawHeaders, 'host');
  if (host === undefined) throw refused('a request has exactly one Host header');
  if (!isOurHost(host)) {
    throw new ProxyError(
      'ERR_MISDIRECTED',
      'the Host header names another host: if it is one of ours, add it to WXPROXY_ALLOW_HOSTS',
    );
  }
}

/** A page in a browser must not use the proxy, whatever it can make the browser send. */
function checkBrowser({ headers }: IncomingMessage): void {
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${headers.host}`) {
    throw new ProxyError(
      'ERR_FORBIDDEN',
      'a web page of another origin sent this request: call the proxy from your server',
    );
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new ProxyError(
      'ERR_FORBIDDEN',
      'a browser sent this request from another site: call the proxy from your server',
    );
  }
}

function checkLoop({ headers }: IncomingMessage, pseudonym: string): void {
  if (headers.via?.includes(pseudonym)) {
    throw new ProxyError(
      'ERR_LOOP',
      'this request has passed through this proxy before: does WXPROXY_UPSTREAM or WXPROXY_TOKEN_PEER point back at it?',
    );
  }
}

/**
 * The name in a Host header, without port and trailing dot, in lower case, an IPv6 address in its
 * shortest form; undefined if it is none.
 */
export function hostName(host: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{0,5})?$/i.exec(host);
  const name = match?.[1]?.toLowerCase().replace(/\.$/, '');
  if (name === undefined || !name.startsWith('[')) return name;
  return URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : undefined;
}

function hostMatcher(hosts: readonly string[]): (host: string) => boolean {
  const names = new Set(hosts.map((host) => hostName(isIPv6(host) ? `[${host}]` : host)));
  return (host) => {
    const name = hostName(host);
    return (
      name !== undefined &&
      (names.has(name) ||
        name === 'localhost' ||
        name === '[::1]' ||
        /^127(?:\.\d{1,3}){3}$/.test(name))
    );
  };
}

/** Apps send one Host, always the same: the last one accepted is known. */
function remembered(accepts: (host: string) => boolean): (host: string) => boolean {
  let accepted: string | undefined;
  return (host) => {
    if (host === accepted) return true;
    if (!accepts(host)) return false;
    accepted = host;
    return true;
  };
}

/** `*` matches within a segment, `**` across segments; paths are compared in their canonical form. */
function pathPattern(pattern: string, flags: string): RegExp {
  const source = canonicalPath(pattern)
    .split(/(\*\*|\*)/)
    .map((part) => {
      if (part === '**') return '.*';
      return part === '*' ? '[^/]*' : part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`, `${flags}s`);
}

function forbiddenPath(why: string): ProxyError {
  return new ProxyError(
    'ERR_FORBIDDEN',
    `the path is ${why}: see WXPROXY_ALLOW_PATHS and WXPROXY_DENY_PATHS`,
  );
}

function refused(why: string, status = 400): ProxyError {
  return new ProxyError('ERR_REQUEST_REFUSED', why, { status });
}
