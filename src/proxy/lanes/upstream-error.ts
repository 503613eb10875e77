import { ProxyError } from '../../errors.ts';
import type { UpstreamFailure } from '../../telemetry/labels.ts';

/** What the upstream did to a request that got no whole answer. */
export class UpstreamError extends ProxyError {
  override readonly name = 'UpstreamError';
  readonly reason: UpstreamFailure;

  constructor(reason: UpstreamFailure, message: string, cause: unknown) {
    const code = (
      {
        connect: 'ERR_UPSTREAM_CONNECT',
        timeout: 'ERR_UPSTREAM_TIMEOUT',
        reset: 'ERR_UPSTREAM_RESET',
      } as const
    )[reason];
    super(code, message, { cause });
    this.reason = reason;
  }
}

/** What only this process knows of, in the words of undici and the system. */
export function networkError(code: 'UND_ERR_CONNECT_TIMEOUT' | 'ECONNRESET'): Error {
  return Object.assign(new Error(code), { code });
}

/** Failures of getting a connection: nothing was sent. */
const CONNECT_CODES: ReadonlySet<unknown> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EACCES',
  'EMFILE',
  'ENFILE',
  'EPROTO',
]);

/** The upstream said nothing, or took nothing, for too long. */
export class SilentUpstream extends Error {
  override readonly name = 'SilentUpstream';

  constructor(afterMs: number) {
    super(`nothing for ${afterMs} ms`);
  }
}

/**
 * @param sent whether any byte of the request may have left: before that, every failure is one of
 *   connecting (a refused certificate, a name that does not resolve, a TLS handshake cut short)
 */
export function upstreamError(error: unknown, host: string, sent: boolean): UpstreamError {
  const { code } = error as { code?: unknown };
  if (!sent || CONNECT_CODES.has(code)) {
    const why = code === 'UND_ERR_CONNECT_TIMEOUT' ? 'timed out' : `failed (${String(code)})`;
    return new UpstreamError(
      'connect',
      `connecting to ${host} ${why}: nothing was sent, trying again is safe`,
      error,
    );
  }
  if (error instanceof SilentUpstream) {
    return new UpstreamError(
      'timeout',
      `${host} did not answer in time; the request may have been carried out`,
      error,
    );
  }
  return new UpstreamError(
    'reset',
    `${host} closed the connection before its answer was complete; the request may have been carried out`,
    error,
  );
}
