import type { Secret } from '../telemetry/secret.ts';
import { KEY_FIELD } from '../token/peer-protocol.ts';
import type { Token } from '../token/token.ts';
import { quotesToken } from '../wechat/routes.ts';
import type { Call } from './call.ts';
import { injectCredentials, withoutSecret } from './code-exchange.ts';
import type { Exchange } from './exchange.ts';
import { dropField, forwardedHeaders } from './headers.ts';
import { withoutParameters, withParameter } from './inject.ts';
import type { UpstreamRequest } from './lanes/lane.ts';

/**
 * A held body beyond this is sent in the pieces it came in: none of it is copied, and the response timeout runs
 * from the last one, not the first.
 */
const ONE_WRITE_BYTES = 64 * 1024;

/** Methods that do without a Content-Length where there is no body. Node would send others chunked. */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/**
 * The request as it leaves: what the call needs is put in, everything else stays as it came.
 * @param token for `api` calls, which alone carry one
 * @param via our entry in `Via`, as for HTTP/1.1
 * @param peerKey for code exchanges that a peer completes: it is shown, and nothing is put in here
 */
export function outgoingRequest(
  exchange: Exchange,
  call: Call,
  token: Token | undefined,
  via: string,
  peerKey?: Secret,
): UpstreamRequest {
  const { req } = exchange;
  const method = req.method as string;
  const { query, body } = peerKey === undefined ? content(exchange, call, token) : forPeer(call);
  const contentLength = lengthOf(body, call) ?? (BODILESS.has(method) ? undefined : 0);
  const headers = forwardedHeaders(req.rawHeaders);
  if (quotesToken(call.canonical)) {
    // The answer must come whole and plain, or it cannot be cleaned of tokens.
    for (const name of ['accept-encoding', 'range', 'if-range']) dropField(headers, name);
  }
  headers.push('Via', req.httpVersion === '1.1' ? via : via.replace('1.1', req.httpVersion));
  if (peerKey !== undefined) headers.push(KEY_FIELD, peerKey.reveal());
  if (peerKey !== undefined && call.account) headers.push('x-wechat-appid', call.account.appid);
  if (contentLength !== undefined) headers.push('content-length', String(contentLength));
  return {
    method,
    path: query === undefined ? call.path : `${call.path}?${query}`,
    headers,
    body,
    resendable: isResendable(method, call),
  };
}

function content(
  { req }: Exchange,
  call: Call,
  token: Token | undefined,
): Pick<UpstreamRequest, 'body'> & { query: string | undefined } {
  if (call.body.kind === 'streamed') return { query: injected(call, token), body: req };
  const held = call.body.kind === 'held' ? call.body.bytes : undefined;
  if (call.route !== 'code-exchange') {
    const inOne = held === undefined || held.length <= ONE_WRITE_BYTES;
    return { query: injected(call, token), body: inOne ? held?.whole() : held.pieces() };
  }
  const { canonical, query, account, stated } = call;
  const sent = injectCredentials(canonical, query, held?.whole(), account, stated);
  return { query: sent.query === '' ? undefined : sent.query, body: sent.body };
}

/** A code exchange as the app sent it; whatever it holds for a secret stays here. */
function forPeer(call: Call): Pick<UpstreamRequest, 'body'> & { query: string | undefined } {
  const query =
    call.query && withoutParameters(call.query, ['secret', 'appsecret', 'access_token']);
  const held = call.body.kind === 'held' ? call.body.bytes : undefined;
  return { query, body: held && withoutSecret(held.whole()) };
}

function injected(call: Call, token: Token | undefined): string | undefined {
  return token === undefined ? call.query : withParameter(call.query, 'access_token', token.value);
}

/** A code is good for one use: a second send would find it used. A streamed body is gone by then. */
function isResendable(method: string, { route, body }: Call): boolean {
  return (
    (method === 'GET' || method === 'HEAD') && route !== 'code-exchange' && body.kind !== 'streamed'
  );
}

function lengthOf(body: UpstreamRequest['body'], call: Call): number | undefined {
  if (Buffer.isBuffer(body)) return body.length;
  if (call.body.kind === 'held') return call.body.bytes.length;
  return call.body.kind === 'streamed' ? call.body.contentLength : undefined;
}
