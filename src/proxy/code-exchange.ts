import type { Account } from '../account/account.ts';
import { ProxyError } from '../errors.ts';
import { withoutParameters, withParameter } from './inject.ts';
import { formBody, jsonBody, type StatedCredentials } from './stated-credentials.ts';

/** The one call that names its secret differently and may carry it in its body (clearQuotaByAppSecret). */
const CLEAR_QUOTA = '/cgi-bin/clear_quota/v2';

/**
 * Puts our appid and AppSecret where the app put what it holds instead: it needs no secret at all.
 * @throws {ProxyError} ERR_TOKEN_UNAVAILABLE: there is no AppSecret here, or its file cannot be read
 */
export function injectCredentials(
  path: string,
  query: string | undefined,
  body: Buffer | undefined,
  account: Account,
  stated: StatedCredentials,
): { readonly query: string; readonly body: Buffer | undefined } {
  const secretName = path === CLEAR_QUOTA ? 'appsecret' : 'secret';
  const { appid } = account;
  const secretValue = secretOf(account);
  const clean = withoutParameters(query ?? '', ['access_token', 'secret', 'appsecret']);
  const withOurs = (): string =>
    withParameter(withParameter(clean, 'appid', appid), secretName, secretValue);
  const form = formBody(body);
  if (form !== undefined) {
    const kept = withoutParameters(form, ['appid', 'secret', 'appsecret', 'access_token']);
    return { query: withOurs(), body: Buffer.from(kept, 'latin1') };
  }
  const { secret, appsecret, ...rest } = jsonBody(body) ?? {};
  if (stated.inBody) {
    return {
      query: withoutParameters(clean, ['appid']),
      body: Buffer.from(JSON.stringify({ ...rest, appid, [secretName]: secretValue })),
    };
  }
  return {
    query: withOurs(),
    // An appid there must not contradict ours, and a secret there may be the client key.
    body:
      secret === undefined &&
      appsecret === undefined &&
      (rest['appid'] === undefined || rest['appid'] === appid)
        ? body
        : Buffer.from(JSON.stringify({ ...rest, appid })),
  };
}

function secretOf({ appid, secret }: Account): string {
  if (secret === undefined) {
    throw new ProxyError(
      'ERR_TOKEN_UNAVAILABLE',
      `there is no AppSecret for ${appid} here, and this call needs it`,
    );
  }
  try {
    return secret.reveal();
  } catch (error) {
    throw new ProxyError(
      'ERR_TOKEN_UNAVAILABLE',
      `the AppSecret of ${appid} cannot be read, and this call needs it: the proxy's log says why`,
      { cause: error },
    );
  }
}

/** A body without its secrets, for a peer that puts its own in. */
export function withoutSecret(body: Buffer): Buffer {
  const form = formBody(body);
  if (form !== undefined) {
    return Buffer.from(withoutParameters(form, ['secret', 'appsecret']), 'latin1');
  }
  const json = jsonBody(body);
  if (json === undefined) return body;
  const { secret: _secret, appsecret: _appsecret, ...rest } = json;
  return Buffer.from(JSON.stringify(rest));
}
