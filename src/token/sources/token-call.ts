/** One HTTP call to whoever issues tokens, WeChat or a peer. */
import { Pool, type Dispatcher } from 'undici';
import { TokenCallError } from './source.ts';

/** An account makes one call in two hours; some that hang must not keep the others from theirs. */
const TOKEN_CONNECTIONS = 32;
/** Token answers are a few hundred bytes; what is larger is no token answer. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** The connections of token calls: their own, so that no load on the API can hold a renewal up. */
export function tokenCallDispatcher(
  origin: URL,
  { connectTimeoutMs, tokenTimeoutMs }: { connectTimeoutMs: number; tokenTimeoutMs: number },
): Dispatcher {
  return new Pool(origin.origin, {
    allowH2: false,
    connections: TOKEN_CONNECTIONS,
    // A connection that was closed meanwhile would fail a call that must not be made twice.
    pipelining: 0,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: tokenTimeoutMs,
    bodyTimeout: tokenTimeoutMs,
  });
}

export interface TokenCallAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * @param timeoutMs for the whole call, the answer's last byte included
 * @throws {TokenCallError} timeout, network, bad_response
 */
export async function callForToken(
  dispatcher: Dispatcher,
  call: Dispatcher.RequestOptions,
  timeoutMs: number,
): Promise<TokenCallAnswer> {
  try {
    const answer = await dispatcher.request({ ...call, signal: AbortSignal.timeout(timeoutMs) });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) throw tooLong();
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

function tooLong(): TokenCallError {
  return new TokenCallError(
    'bad_response',
    `the token endpoint answered more than ${MAX_ANSWER_BYTES} bytes`,
  );
}
