/**
 * WeChat itself as the source: the one door through which AppSecrets leave.
 */
import type { Dispatcher } from 'undici';
import type { Secret } from '../../telemetry/secret.ts';
import { TOKEN_PATHS, type TokenApi } from '../../wechat/token-endpoints.ts';
import { ShownSecret } from './shown-secret.ts';
import { TokenCallError, type IssuedToken, type TokenRequest, type TokenSource } from './source.ts';
import { readTokenAnswer } from './token-answer.ts';
import { callForToken } from './token-call.ts';

interface WechatSourceOptions {
  readonly api: TokenApi;
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

export function wechatSource(options: WechatSourceOptions): TokenSource {
  const { api, dispatcher, origin, appid, timeoutMs } = options;
  const secret = new ShownSecret(options.secret);
  return {
    name: api,
    rotates: api === 'token',
    canForce: api === 'stable_token',
    hasChanged: () => secret.hasChanged(),
    async fetch({ force, uncoordinated }: TokenRequest): Promise<IssuedToken> {
      const revealed = reveal(appid, secret);
      const call =
        api === 'token' && !uncoordinated
          ? tokenCall(appid, revealed)
          : stableCall(appid, revealed, force);
      const { status, body } = await callForToken(dispatcher, { origin, ...call }, timeoutMs);
      return readTokenAnswer(status, body);
    },
  };
}

function reveal(appid: string, secret: ShownSecret): string {
  let revealed: string | undefined;
  try {
    revealed = secret.show();
  } catch (error) {
    throw new TokenCallError('refused', `the AppSecret of ${appid} cannot be read`, {
      cause: error,
    });
  }
  if (revealed === undefined)
    throw new TokenCallError('refused', `there is no AppSecret for ${appid}`);
  return revealed;
}

type TokenCall = Omit<Dispatcher.RequestOptions, 'origin'>;

/** getAccessToken. */
function tokenCall(appid: string, secret: string): TokenCall {
  const query = new URLSearchParams({
    grant_type: 'client_credential',
    appid,
    secret,
  });
  return { method: 'GET', path: `${TOKEN_PATHS.token}?${query.toString()}` };
}

/** getStableAccessToken. */
function stableCall(appid: string, secret: string, force: boolean): TokenCall {
  return {
    method: 'POST',
    path: TOKEN_PATHS.stable_token,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'client_credential',
      appid,
      secret,
      force_refresh: force,
    }),
  };
}
