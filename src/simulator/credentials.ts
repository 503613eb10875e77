import type { Account, World } from './world.ts';

/** The account whose appid and AppSecret these are, or the errcode WeChat refuses them with. */
export function accountOf(
  world: World,
  appid: string | undefined,
  appsecret: string | undefined,
): Account | number {
  if (!appid) return 41002;
  const account = world.accounts.get(appid);
  if (account === undefined) return 40013;
  if (!appsecret) return 41004;
  return account.appsecret === appsecret ? account : 40125;
}
