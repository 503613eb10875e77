import { ProxyError } from '../errors.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { PlaceholderClaim, Placeholders } from './placeholder.ts';

export interface Proofs {
  /** The `x-wxproxy-key` header. */
  readonly header: string | undefined;
  /** The `secret` of a token endpoint or code exchange. */
  readonly secret: string | undefined;
  /** A placeholder among the call's `access_token`s, for an account that exists. */
  readonly placeholder: PlaceholderClaim | undefined;
  /** The account's own AppSecret, where that is proof as well: on `issue` endpoints. */
  readonly appSecret?: Secret | undefined;
}

/**
 * Lets a caller pass who shows the client key, or holds what was given against it. Every comparison
 * is in constant time.
 * @throws {ProxyError} ERR_CLIENT_KEY
 */
export function checkClientKey(
  key: Secret | undefined,
  proofs: Proofs,
  placeholders: Placeholders,
): void {
  if (key === undefined) return;
  if (proofs.header !== undefined) {
    if (key.equals(proofs.header)) return;
    throw new ProxyError('ERR_CLIENT_KEY', 'the x-wxproxy-key header holds another key');
  }
  if (proofs.secret !== undefined) {
    if (key.equals(proofs.secret) || isAppSecret(proofs.secret, proofs.appSecret)) return;
  }
  if (proofs.placeholder !== undefined && placeholders.isGenuine(proofs.placeholder)) return;
  throw new ProxyError(
    'ERR_CLIENT_KEY',
    'this proxy wants its client key: send it as the x-wxproxy-key header, or as "secret" to a token endpoint or code exchange',
  );
}

function isAppSecret(candidate: string, appSecret: Secret | undefined): boolean {
  try {
    return appSecret?.equals(candidate) === true;
  } catch {
    return false; // its file cannot be read: then it proves nothing, and the next refresh says why
  }
}
