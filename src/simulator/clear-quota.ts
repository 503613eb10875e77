import { ok, refusal, type Answer } from './answers.ts';
import { parameterOf, type Call } from './call.ts';
import { accountOf } from './credentials.ts';
import type { AcceptedToken } from './token-check.ts';
import type { Account, World } from './world.ts';

/** `POST /cgi-bin/clear_quota/v2`: appid and appsecret, in the query or the body, and no token. */
export function clearQuotaV2(call: Call, world: World): Answer {
  const account = accountOf(world, parameterOf(call, 'appid'), parameterOf(call, 'appsecret'));
  return typeof account === 'number' ? refusal(account) : clear(account);
}

/** `POST /cgi-bin/clear_quota`: with the app token; a named appid must be the token's own. */
export function clearQuota(call: Call, _world: World, { account }: AcceptedToken): Answer {
  const appid = parameterOf(call, 'appid') ?? account.appid;
  return appid === account.appid ? clear(account) : refusal(40013);
}

function clear(account: Account): Answer {
  for (const meter of Object.values(account.quotas)) meter.clear();
  return ok();
}
