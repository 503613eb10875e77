import type { Call } from './call.ts';
import type { Account, World } from './world.ts';

/** An app token that may make this call. */
export interface AcceptedToken {
  readonly account: Account;
  readonly value: string;
}

/**
 * Judges the app token of an API call.
 * @returns the token and its account, or the errcode the call is refused with
 */
export function checkToken(call: Call, world: World): AcceptedToken | number {
  const values = call.query.getAll('access_token');
  const [value] = values;
  if (value === undefined) return 41001;
  const account = world.accounts.get(world.owners.get(value) ?? '');
  if (values.length > 1 || account === undefined) return 40001;
  const verdict = account.tokens.judge(value);
  if (verdict !== 'good') return verdict === 'expired' ? 42001 : 40001;
  const scripted = world.rejections.take(call.path);
  if (scripted !== undefined) return scripted;
  // The call that clears the quota must work when the quota is used up.
  if (call.path === '/cgi-bin/clear_quota') return { account, value };
  const { apiPerDay, apiPerMinute } = world.rules;
  return account.quotas.api.take(world.now(), apiPerDay, apiPerMinute) || { account, value };
}
