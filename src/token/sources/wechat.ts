/**
 * WeChat itself as the source: the one door through which AppSecrets leave.
 */
import { Pool, type Dispatcher } from 'undici';
import type { Secret } from '../../telemetry/secret.ts';
import { TokenCallError, type IssuedToken, type TokenRequest, type TokenSource } from './source.ts';
import { readTokenAnswer } from './token-answer.ts';

export interface WechatSourceOptions {
  readonly api: 'stable_token' | 'token';
  /** Where token calls go. Its timeouts are those of a token call. */
  readonly dispatcher: Dispatcher;
  /** `https://api.weixin.qq.com`: the origin of the configured upstream. */
  readonly origin: string;
  readonly appid: string;
  /** The AppSecret as it is now: it may change. Without one every call is refused. */
  readonly secret: () => Secret | undefined;
  /** For the whole call, the answer's last byte included. */
  readonly timeoutMs: number;
}

/** Few: an account makes one call in two hours. */
const TOKEN_CONNECTIONS = 4;

/** The connections of token calls: their own, so that no load on the API can hold a renewal up. */
export function tokenCallDispatcher(
  upstream: URL,
  { connectTimeoutMs, tokenTimeoutMs }: { connectTimeoutMs: number; tokenTimeoutMs: number },
): Dispatcher {
  return new Pool(upstream.origin, {
    allowH2: false,
    connections: TOKEN_CONNECTIONS,
    // A connection that WeChat has closed meanwhile would fail a call that must not be made twice.
    pipelining: 0,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: tokenTimeoutMs,
    bodyTimeout: tokenTimeoutMs,
  });
}

/** Token answers are a few hundred bytes; what is larger is no token answer. */
const MAX_ANSWER_BYTES = 64 * 1024;

export function wechatSource(options: WechatSourceOptions): TokenSource {
  const { api, dispatcher, origin, appid, secret, timeoutMs } = options;
  return {
    name: api,
    rotates: api === 'token',
    async fetch({ force }: TokenRequest): Promise<IssuedToken> {
      const revealed = reveal(appid, secret());
      const call =
        api === 'token' ? tokenCall(appid, revealed) : stableCall(appid, revealed, force);
      const { status, body } = await send(dispatcher, { origin, ...call }, timeoutMs);
      return readTokenAnswer(status, body);
    },
  };
}

function reveal(appid: string, secret: Secret | undefined): string {
  if (secret === undefined)
    throw new TokenCallError('refused', `there is no AppSecret for ${appid}`);
  try {
    return secret.reveal();
  } catch (error) {
    throw new TokenCallError('refused', `the AppSecret of ${appid} cannot be read`, {
      cause: error,
    });
  }
}

type TokenCall = Omit<Dispatcher.RequestOptions, 'origin'>;

/** getAccessToken. */
function tokenCall(appid: string, secret: string): TokenCall {
  const query = new URLSearchParams({
    grant_type: 'client_credential',
    appid,
    secret,
  });
  return { method: 'GET', path: `/cgi-bin/token?${query.toString()}` };
}

/** getStableAccessToken. */
function stableCall(appid: string, secret: string, force: boolean): TokenCall {
  return {
    method: 'POST',
    path: '/cgi-bin/stable_token',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'client_credential',
      appid,
      secret,
      force_refresh: force,
    }),
  };
}

async function send(
  dispatcher: Dispatcher,
  call: Dispatcher.RequestOptions,
  timeoutMs: number,
): Promise<{ status: number; body: string }> {
  try {
    const answer = await dispatcher.request({ ...call, signal: AbortSignal.timeout(timeoutMs) });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) {
        throw new TokenCallError(
          'bad_response',
          `the token endpoint answered more than ${MAX_ANSWER_BYTES} bytes`,
        );
      }
      chunks.push(chunk);
    }
    return { status: answer.statusCode, body: Buffer.concat(chunks).toString('utf8') };
  } catch (error) {
    throw error instanceof TokenCallError ? error : transportError(error, timeoutMs);
  }
}

const TIMEOUTS: ReadonlySet<unknown> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

function transportError(error: unknown, timeoutMs: number): TokenCallError {
  const { name, code } = error as { name?: string; code?: unknown };
  return name === 'TimeoutError' || TIMEOUTS.has(code)
    ? new TokenCallError('timeout', `no token within ${timeoutMs} ms`, { cause: error })
    : new TokenCallError('network', 'the token endpoint could not be reached', { cause: error });
}
