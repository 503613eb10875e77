import { ProxyError } from '../errors.ts';
import { PeerCircleError, type TokenCallError } from './sources/source.ts';

interface NoToken {
  readonly appid: string;
  /** Why the last refresh failed; undefined: it did not. */
  readonly failure: TokenCallError | undefined;
  /** How long nothing may be asked after it. */
  readonly waitMs: number;
  /** What is wrong, where no refresh has failed. */
  readonly otherwise: string;
}

/** What is answered where there is no token to give: ERR_TOKEN_REFUSED, ERR_TOKEN_UNAVAILABLE, ERR_LOOP. */
export function noToken({ appid, failure, waitMs, otherwise }: NoToken): ProxyError {
  if (failure instanceof PeerCircleError) return inCircle(failure);
  const retryAfterS = Math.max(Math.ceil(waitMs / 1000), 1);
  if (failure?.errcode !== undefined && failure.reason === 'refused') {
    return new ProxyError(
      'ERR_TOKEN_REFUSED',
      `WeChat refuses to give a token to ${appid}: ${failure.message}`,
      { errcode: failure.errcode, retryAfterS, cause: failure },
    );
  }
  return new ProxyError(
    'ERR_TOKEN_UNAVAILABLE',
    `no valid access_token for ${appid}: ${failure?.message ?? otherwise}; retrying by itself`,
    { retryAfterS, cause: failure },
  );
}

export function inCircle(failure: PeerCircleError): ProxyError {
  return new ProxyError('ERR_LOOP', failure.message, { cause: failure });
}
