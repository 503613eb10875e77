/**
 * Answers `/cgi-bin/token` and `/cgi-bin/stable_token` in WeChat's own shape: forwarded, a call
 * would rotate the token under everybody. A failure never has a 2xx status: SDKs recurse on that.
 */
import { ProxyError } from '../errors.ts';
import type { TokenEndpoint } from '../telemetry/labels.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { REJECTED_FIELD } from '../token/peer-protocol.ts';
import type { Call } from './call.ts';
import type { Exchange } from './exchange.ts';
import { hintKeepAlive } from './keep-alive.ts';
import type { Placeholders } from './placeholder.ts';

/** What WeChat says of a new token, and what SDKs plan their renewals by. */
const PLACEHOLDER_LIFE_S = 7200;

interface TokenEndpointParts {
  readonly metrics: Metrics;
  readonly placeholders: Placeholders;
}

/** @throws {ProxyError} ERR_FORBIDDEN, ERR_TOKEN_REFUSED, ERR_TOKEN_UNAVAILABLE */
export async function answerTokenEndpoint(
  exchange: Exchange,
  call: Call & { route: 'token-endpoint' },
  { placeholders, metrics }: TokenEndpointParts,
): Promise<void> {
  const endpoint = call.canonical.toLowerCase().endsWith('/stable_token')
    ? 'stable_token'
    : 'token';
  if (call.mode === 'issue') return issue(exchange, call, endpoint);
  const series = call.account?.metrics ?? metrics.unattributed;
  if (call.mode === 'refuse') {
    series.endpointCalled(endpoint, 'refused');
    throw new ProxyError(
      'ERR_FORBIDDEN',
      'this proxy hands out no tokens (WXPROXY_TOKEN_ENDPOINTS=refuse): call the API itself, the token is put in on the way',
    );
  }
  series.endpointCalled(endpoint, 'placeholder');
  answer(exchange, placeholders.for(call.appid), PLACEHOLDER_LIFE_S);
}

async function issue(
  exchange: Exchange,
  { account, stated }: Call & { route: 'token-endpoint'; mode: 'issue' },
  endpoint: TokenEndpoint,
): Promise<void> {
  const { metrics, tokens } = account;
  try {
    const { via, [REJECTED_FIELD]: digest } = exchange.req.headers;
    const token = stated.forceRefresh
      ? await tokens.requested(typeof digest === 'string' ? digest : undefined, via)
      : await tokens.getToKeep(via);
    const remainingMs = Math.max(tokens.remainingMs(token), 1);
    metrics.endpointCalled(endpoint, 'issued');
    answer(exchange, token.value, isInstance(via) ? remainingMs / 1000 : wholeSeconds(remainingMs));
  } catch (error) {
    metrics.endpointCalled(endpoint, 'failed');
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
  const headers = [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(body.length),
    'cache-control',
    'no-store',
  ];
  hintKeepAlive(res, headers, true);
  res.writeHead(200, headers);
  res.end(body);
}
