/**
 * Answers `/cgi-bin/token` and `/cgi-bin/stable_token` in WeChat's own shape: forwarded, a call
 * would rotate the token under everybody. A failure never has a 2xx status: SDKs recurse on that.
 */
import { ProxyError } from '../errors.ts';
import type { Call, TokenEndpointMode } from './call.ts';
import type { Exchange } from './exchange.ts';
import type { Placeholders } from './placeholder.ts';

/** What WeChat says of a new token, and what SDKs plan their renewals by. */
const PLACEHOLDER_LIFE_S = 7200;

export interface TokenEndpointParts {
  readonly tokenEndpoints: TokenEndpointMode;
  readonly placeholders: Placeholders;
}

/** @throws {ProxyError} ERR_FORBIDDEN, ERR_TOKEN_REFUSED, ERR_TOKEN_UNAVAILABLE */
export async function answerTokenEndpoint(
  exchange: Exchange,
  { account, canonical, stated }: Call & { route: 'token-endpoint' | 'code-exchange' },
  { tokenEndpoints: mode, placeholders }: TokenEndpointParts,
): Promise<void> {
  const endpoint = canonical.toLowerCase().endsWith('/stable_token') ? 'stable_token' : 'token';
  if (mode === 'refuse') {
    account.metrics.endpointCalled(endpoint, 'refused');
    throw new ProxyError(
      'ERR_FORBIDDEN',
      'this proxy hands out no tokens (WXPROXY_TOKEN_ENDPOINTS=refuse): call the API itself, the token is put in on the way',
    );
  }
  if (mode === 'placeholder') {
    account.metrics.endpointCalled(endpoint, 'placeholder');
    return answer(exchange, placeholders.for(account.appid), PLACEHOLDER_LIFE_S);
  }
  try {
    const { via, 'x-wxproxy-rejected': digest } = exchange.req.headers;
    const token = stated.forceRefresh
      ? await account.tokens.requested(typeof digest === 'string' ? digest : undefined, via)
      : await account.tokens.get(via);
    const remainingMs = Math.max(account.tokens.remainingMs(token), 1);
    account.metrics.endpointCalled(endpoint, 'issued');
    answer(exchange, token.value, isInstance(via) ? remainingMs / 1000 : wholeSeconds(remainingMs));
  } catch (error) {
    account.metrics.endpointCalled(endpoint, 'failed');
    throw error;
  }
}

/** Whether it was another instance that asked. */
function isInstance(via: string | undefined): boolean {
  return via?.includes('wxproxy-') === true;
}

/** As WeChat says it. Not 0: SDKs take that for no life at all, or for ever. Instances need it exact. */
function wholeSeconds(ms: number): number {
  return Math.max(Math.floor(ms / 1000), 1);
}

function answer({ res }: Exchange, token: string, expiresInS: number): void {
  const body = Buffer.from(JSON.stringify({ access_token: token, expires_in: expiresInS }));
  res.writeHead(200, [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(body.length),
    'cache-control',
    'no-store',
  ]);
  res.end(body);
}
