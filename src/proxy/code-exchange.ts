import type { Account } from '../account/account.ts';
import { ProxyError } from '../errors.ts';
import { withoutParameters, withParameters } from './inject.ts';
import { jsonBody, type StatedCredentials } from './stated-credentials.ts';

/** The one call that names its secret differently and may carry it in its body (clearQuotaByAppSecret). */
const CLEAR_QUOTA = '/cgi-bin/clear_quota/v2';

/**
 * Puts our appid and AppSecret where the app put what it holds instead: it needs no secret at all.
 * @throws {ProxyError} ERR_TOKEN_UNAVAILABLE: there is no AppSecret here
 */
export function injectCredentials(
  path: string,
  query: string | undefined,
  body: Buffer | undefined,
  account: Account,
  stated: StatedCredentials,
): { readonly query: string; readonly body: Buffer | undefined } {
  if (account.secret === undefined) {
    throw new ProxyError(
      'ERR_TOKEN_UNAVAILABLE',
      `there is no AppSecret for ${account.appid} here, and this call needs it`,
    );
  }
  const secretName = path === CLEAR_QUOTA ? 'appsecret' : 'secret';
  const ours = { appid: account.appid, [secretName]: account.secret.reveal() };
  const clean = withoutParameters(query ?? '', ['access_token', 'secret', 'appsecret']);
  if (!stated.inBody) return { query: withParameters(clean, ours), body };
  return {
    query: withoutParameters(clean, ['appid']),
    body: Buffer.from(JSON.stringify({ ...jsonBody(body), ...ours })),
  };
}
