/** Users' logins: codes, and tokens of their own. */
import { createHash, randomBytes } from 'node:crypto';
import { json, ok, refusal, type Answer } from './answers.ts';
import type { Call } from './call.ts';
import { accountOf } from './credentials.ts';
import { newTokenValue } from './token-value.ts';
import type { UserGrant, World } from './world.ts';

const USER_TOKEN_SECONDS = 7_200;
const REFRESH_TOKEN_SECONDS = 30 * 86_400;

interface Exchange {
  readonly appid: string;
  readonly openid: string;
}

/** `GET /sns/jscode2session`: a mini program's login code for the user's openid, once. */
export function jscode2session(call: Call, world: World): Answer {
  const exchange = exchangeOf(call, world, 'js_code');
  if (typeof exchange === 'number') return refusal(exchange, 'text/plain');
  const session_key = randomBytes(16).toString('base64');
  return json({ session_key, openid: exchange.openid }, 'text/plain');
}

/** `GET /sns/oauth2/access_token`: a web login code for a user's token, once. */
export function oauthAccessToken(call: Call, world: World): Answer {
  const exchange = exchangeOf(call, world, 'code');
  return typeof exchange === 'number'
    ? refusal(exchange, 'text/plain')
    : grantUser(exchange, world);
}

/** `GET /sns/oauth2/refresh_token`: needs no AppSecret. */
export function oauthRefreshToken(call: Call, world: World): Answer {
  const value = call.query.get('refresh_token');
  if (!value) return refusal(41003, 'text/plain');
  const grant = world.refreshTokens.get(value);
  const good = grant && grant.appid === call.query.get('appid') && world.now() < grant.expiresAt;
  return good ? grantUser(grant, world) : refusal(40030, 'text/plain');
}

/** `GET /sns/userinfo`, with the user's own token. */
export function userinfo(call: Call, world: World): Answer {
  const grant = userGrantOf(call, world);
  if (grant === undefined) return refusal(40001);
  return json({
    openid: grant.openid,
    nickname: '模拟用户',
    sex: 0,
    headimgurl: '',
    privilege: [],
  });
}

/** `GET /sns/auth`: whether the user's own token works. */
export function auth(call: Call, world: World): Answer {
  return userGrantOf(call, world) ? ok() : refusal(40001);
}

function exchangeOf(call: Call, world: World, codeName: 'js_code' | 'code'): Exchange | number {
  const account = accountOf(
    world,
    call.query.get('appid') ?? undefined,
    call.query.get('secret') ?? undefined,
  );
  if (typeof account === 'number') return account;
  const code = call.query.get(codeName);
  if (!code) return 41008;
  if (code.startsWith('invalid')) return 40029;
  if (account.usedCodes.get(code)) return 40163;
  account.usedCodes.set(code, true);
  const digest = createHash('sha256').update(`${account.appid} ${code}`).digest('base64url');
  return { appid: account.appid, openid: `o${digest.slice(0, 27)}` };
}

function grantUser({ appid, openid }: Exchange, world: World): Answer {
  const access_token = newTokenValue();
  const refresh_token = newTokenValue();
  const grant = (seconds: number): UserGrant => ({
    appid,
    openid,
    expiresAt: world.now() + seconds * 1000,
  });
  world.userTokens.set(access_token, grant(USER_TOKEN_SECONDS));
  world.refreshTokens.set(refresh_token, grant(REFRESH_TOKEN_SECONDS));
  const expires_in = USER_TOKEN_SECONDS;
  const scope = 'snsapi_userinfo';
  return json({ access_token, expires_in, refresh_token, openid, scope }, 'text/plain');
}

function userGrantOf(call: Call, world: World): UserGrant | undefined {
  const grant = world.userTokens.get(call.query.get('access_token') ?? '');
  return grant && world.now() < grant.expiresAt ? grant : undefined;
}
