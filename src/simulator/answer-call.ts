/** Which call is answered by what, and which needs the app token. */
import { ok, refusal, type Answer } from './answers.ts';
import type { Call } from './call.ts';
import { clearQuota, clearQuotaV2 } from './clear-quota.ts';
import { countRejection } from './counts.ts';
import {
  echo,
  getCallbackIp,
  getMaterial,
  getWxaCodeUnlimit,
  mediaGet,
  mediaUpload,
  ridGet,
  takesJson,
  userGet,
  userInfo,
} from './samples.ts';
import { auth, jscode2session, oauthAccessToken, oauthRefreshToken, userinfo } from './sns.ts';
import { answerTokenCall } from './token-calls.ts';
import { checkToken, type AcceptedToken } from './token-check.ts';
import { isTokenPath } from './token-paths.ts';
import type { World } from './world.ts';

type WithToken = (call: Call, world: World, token: AcceptedToken) => Answer;
type WithoutToken = (call: Call, world: World) => Answer;

/** Calls that carry the app token, by `METHOD path`. */
const API_CALLS: ReadonlyMap<string, WithToken> = new Map<string, WithToken>([
  ['GET /cgi-bin/getcallbackip', getCallbackIp],
  ['GET /cgi-bin/user/get', userGet],
  ['GET /cgi-bin/user/info', userInfo],
  ['POST /cgi-bin/message/custom/send', takesJson],
  ['POST /cgi-bin/menu/create', takesJson],
  ['POST /cgi-bin/media/upload', mediaUpload],
  ['GET /cgi-bin/media/get', mediaGet],
  ['POST /cgi-bin/material/get_material', getMaterial],
  ['POST /wxa/getwxacodeunlimit', getWxaCodeUnlimit],
  ['POST /cgi-bin/openapi/rid/get', ridGet],
  ['POST /cgi-bin/clear_quota', clearQuota],
]);

/** Calls that carry something else: credentials, a user's token. */
const OTHER_CALLS: ReadonlyMap<string, WithoutToken> = new Map<string, WithoutToken>([
  ['GET /sns/jscode2session', jscode2session],
  ['GET /sns/oauth2/access_token', oauthAccessToken],
  ['GET /sns/oauth2/refresh_token', oauthRefreshToken],
  ['GET /sns/userinfo', userinfo],
  ['GET /sns/auth', auth],
  ['POST /cgi-bin/clear_quota/v2', clearQuotaV2],
]);

const OTHER_TOKENS = ['component_access_token', 'cloudbase_access_token'];

/** Does what a call asks for, as WeChat would, and gives the answer. */
export function answerCall(call: Call, world: World): Answer {
  if (isTokenPath(call.path)) return answerTokenCall(call, world);
  const method = call.method === 'HEAD' ? 'GET' : call.method;
  const key = `${method} ${call.path}`;
  const other = OTHER_CALLS.get(key);
  if (other) return other(call, world);
  if (call.path.startsWith('/cgi-bin/component/')) return ok();
  if (OTHER_TOKENS.some((name) => call.query.has(name))) return echo(call);

  world.counts.apiCalls += 1;
  const token = checkToken(call, world);
  if (typeof token === 'number') {
    countRejection(world.counts, token);
    return refusal(token);
  }
  const api = API_CALLS.get(key);
  if (api) return api(call, world, token);
  return wrongMethod(method, call.path) ?? echo(call);
}

function wrongMethod(method: string, path: string): Answer | undefined {
  if (method !== 'GET' && API_CALLS.has(`GET ${path}`)) return refusal(43001);
  if (method !== 'POST' && API_CALLS.has(`POST ${path}`)) return refusal(43002);
  return undefined;
}
