import { TOKEN_PATHS, type TokenApi } from '../wechat/token-endpoints.ts';
import type { GrantedToken } from './account-tokens.ts';
import { json, refusal, type Answer } from './answers.ts';
import { jsonBodyOf, parameterOf, type Call } from './call.ts';
import { accountOf } from './credentials.ts';
import type { World } from './world.ts';

interface Asked {
  readonly api: TokenApi;
  readonly grantType: string | undefined;
  readonly appid: string | undefined;
  readonly secret: string | undefined;
  readonly force: boolean;
}

/** `/cgi-bin/token` and `/cgi-bin/stable_token`. Their answers are `text/plain`. */
export function answerTokenCall(call: Call, world: World): Answer {
  world.counts.tokenCalls += 1;
  const asked = askedOf(call);
  if (typeof asked !== 'number') count(asked, world);
  const granted =
    world.tokenRefusals.take(call.path) ??
    (typeof asked === 'number' ? asked : grant(asked, world));
  if (typeof granted === 'number') {
    world.counts.tokenCallsRefused += 1;
    return granted === 40164
      ? refusal(40164, 'text/plain', `invalid ip ${call.ip}, not in whitelist`)
      : refusal(granted, 'text/plain');
  }
  return json({ access_token: granted.value, expires_in: granted.expiresInSeconds }, 'text/plain');
}

function askedOf(call: Call): Asked | number {
  if (call.path === TOKEN_PATHS.token) {
    return {
      api: 'token',
      grantType: parameterOf(call, 'grant_type'),
      appid: parameterOf(call, 'appid'),
      secret: parameterOf(call, 'secret'),
      force: false,
    };
  }
  if (call.path !== TOKEN_PATHS.stable_token || call.method !== 'POST') return 43002;
  const body = jsonBodyOf(call);
  if (body === undefined) return 47001;
  const text = (name: string): string | undefined =>
    typeof body[name] === 'string' ? body[name] : undefined;
  return {
    api: 'stable_token',
    grantType: text('grant_type'),
    appid: text('appid'),
    secret: text('secret'),
    force: body['force_refresh'] === true,
  };
}

function count(asked: Asked, world: World): void {
  const counts = world.counts.accounts[asked.appid ?? ''];
  if (counts === undefined) return;
  if (asked.api === 'token') counts.token += 1;
  else if (asked.force) counts.stableForced += 1;
  else counts.stableNormal += 1;
}

function grant(asked: Asked, world: World): GrantedToken | number {
  if (asked.grantType !== 'client_credential') return 40002;
  const account = accountOf(world, asked.appid, asked.secret);
  if (typeof account === 'number') return account;
  const { rules } = world;
  if (rules.ipRefused) return 40164;
  const overQuota =
    asked.api === 'token'
      ? account.quotas.token.take(world.now(), rules.tokenPerDay, rules.tokenPerMinute)
      : account.quotas.stable.take(world.now(), rules.stablePerDay, rules.stablePerMinute);
  if (overQuota) return overQuota;
  return asked.api === 'token' ? account.tokens.classic() : account.tokens.stable(asked.force);
}
