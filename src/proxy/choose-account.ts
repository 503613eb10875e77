import type { Account } from '../account/account.ts';
import type { AccountRegistry } from '../account/registry.ts';
import { ProxyError } from '../errors.ts';
import type { Route } from '../wechat/routes.ts';

/** WeChat's own appids; one of these that we do not know is a mistake, not a path of WeChat's. */
const APPID = /^wx[0-9a-f]{16}$/;

/**
 * Takes `/{appid}` off the path where it names an account.
 * @throws {ProxyError} ERR_ACCOUNT_UNKNOWN, ERR_REQUEST_REFUSED
 */
export function splitAccountPrefix(
  path: string,
  accounts: AccountRegistry,
): { readonly appid: string | undefined; readonly path: string } {
  const slash = path.indexOf('/', 1);
  if (slash === -1) return { appid: undefined, path };
  const first = path.slice(1, slash);
  if (accounts.has(first)) {
    if (path.charCodeAt(slash + 1) === 0x2f /* / */) {
      throw new ProxyError(
        'ERR_REQUEST_REFUSED',
        'the path behind the appid begins with "//": does your base URL end in a slash?',
      );
    }
    return { appid: first, path: path.slice(slash) };
  }
  // An unknown one is refused as such, but only after the client key: who has none learns nothing.
  if (APPID.test(first)) return { appid: first, path: path.slice(slash) };
  return { appid: undefined, path };
}

export interface AccountHints {
  readonly prefix: string | undefined;
  readonly header: string | undefined;
  readonly placeholder: string | undefined;
  readonly stated: string | undefined;
}

/** The appid of a call, by the first hint there is; undefined: no hint, and no default account. */
export function chooseAppid(hints: AccountHints, accounts: AccountRegistry): string | undefined {
  return hints.prefix ?? hints.header ?? hints.placeholder ?? hints.stated ?? accounts.defaultAppid;
}

/**
 * The appid of a call that needs an account, by the first hint there is; brings nothing into use.
 * @throws {ProxyError} ERR_ACCOUNT_UNKNOWN
 */
export function knownAppid(hints: AccountHints, accounts: AccountRegistry): string {
  const appid = chooseAppid(hints, accounts);
  if (appid === undefined) throw noAccount();
  if (!accounts.has(appid)) throw unknownAccount(appid);
  return appid;
}

/**
 * The account of a call, by the first hint there is. Calls that carry somebody else's token need
 * none: `undefined` is theirs alone.
 * @throws {ProxyError} ERR_ACCOUNT_UNKNOWN
 */
export function chooseAccount(
  hints: AccountHints,
  route: Route,
  accounts: AccountRegistry,
): Account | undefined {
  const appid = chooseAppid(hints, accounts);
  if (appid === undefined) {
    if (route === 'user-token' || route === 'other-token') return undefined;
    throw noAccount();
  }
  const account = accounts.get(appid);
  if (account === undefined) throw unknownAccount(appid);
  return account;
}

function noAccount(): ProxyError {
  return new ProxyError(
    'ERR_ACCOUNT_UNKNOWN',
    'the call names no account and there is no default one: put /{appid} before the path, send x-wechat-appid, or mark a default in the accounts file',
  );
}

function unknownAccount(appid: string): ProxyError {
  const shown = APPID.test(appid) ? appid : 'of this name';
  return new ProxyError(
    'ERR_ACCOUNT_UNKNOWN',
    `there is no account ${shown} here: add it to WECHAT_APPID or the accounts file`,
  );
}
