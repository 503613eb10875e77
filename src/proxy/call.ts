/**
 * Reads what a request is: its route, its account, its body. What it may not be is refused here.
 */
import type { Account } from '../account/account.ts';
import type { AccountRegistry } from '../account/registry.ts';
import { ProxyError } from '../errors.ts';
import type { Secret } from '../telemetry/secret.ts';
import { KEY_FIELD } from '../token/peer-protocol.ts';
import { classify } from '../wechat/routes.ts';
import type { Body, BodyReceiver } from './body.ts';
import {
  chooseAccount,
  chooseAppid,
  knownAppid,
  splitAccountPrefix,
  type AccountHints,
} from './choose-account.ts';
import { checkClientKey } from './client-key.ts';
import type { Exchange } from './exchange.ts';
import type { Guard } from './guard.ts';
import { parameterValues } from './inject.ts';
import { findPlaceholder, type PlaceholderClaim, type Placeholders } from './placeholder.ts';
import { statedCredentials, type StatedCredentials } from './stated-credentials.ts';
import { canonicalPath, parseTarget } from './target.ts';

/** What token endpoints answer here: `WXPROXY_TOKEN_ENDPOINTS`. */
type TokenEndpointMode = 'placeholder' | 'issue' | 'refuse';

interface CallBase {
  /** As it came, without the account prefix. */
  readonly path: string;
  /** The path as it is compared. */
  readonly canonical: string;
  /** Raw, without `?`; undefined where there was no `?`. */
  readonly query: string | undefined;
  readonly body: Body;
}

export type Call = CallBase &
  (
    | { readonly route: 'api'; readonly account: Account }
    | {
        readonly route: 'token-endpoint';
        readonly mode: 'placeholder' | 'refuse';
        readonly appid: string;
        /** undefined: not in use, and not brought into use by this. */
        readonly account: Account | undefined;
      }
    | {
        readonly route: 'token-endpoint';
        readonly mode: 'issue';
        readonly account: Account;
        readonly stated: StatedCredentials;
      }
    | {
        readonly route: 'code-exchange';
        readonly account: Account;
        readonly stated: StatedCredentials;
      }
    | { readonly route: 'user-token' | 'other-token'; readonly account: Account | undefined }
  );

export interface CallParts {
  readonly guard: Guard;
  readonly accounts: AccountRegistry;
  readonly bodies: BodyReceiver;
  readonly placeholders: Placeholders;
  readonly clientKey: Secret | undefined;
  readonly tokenEndpoints: TokenEndpointMode;
}

/** Appid, secret and little else: what is larger is no call of a token endpoint or code exchange. */
const CREDENTIALS_LIMIT_BYTES = 64 * 1024;

/**
 * At once where there is no body to wait for.
 * @throws {ProxyError}
 * @throws {ClientGone}
 */
export function readCall(exchange: Exchange, parts: CallParts): Call | Promise<Call> {
  const { req } = exchange;
  const target = parseTarget(req.url as string);
  const { appid: prefix, path } = splitAccountPrefix(target.path, parts.accounts);
  const canonical = canonicalPath(path);
  parts.guard.checkPath(path, canonical);
  const { query } = target;
  const route = classify(canonical, query ?? '');
  exchange.route = route;
  const placeholder = placeholderIn(query);
  const header = headerValue(exchange, 'x-wechat-appid');
  const hints = { prefix, header, placeholder: placeholder?.appid, stated: undefined };
  if (route === 'token-endpoint' || route === 'code-exchange') {
    const here = { path, canonical, query, route };
    return readCredentialsCall(exchange, here, hints, placeholder, parts);
  }
  if (parts.clientKey !== undefined) {
    const key = headerValue(exchange, KEY_FIELD);
    checkClientKey(
      parts.clientKey,
      { header: key, secret: undefined, placeholder },
      parts.placeholders,
    );
  }
  const account = chooseAccount(hints, route, parts.accounts);
  exchange.account = account;
  exchange.appid = account?.appid;
  return parts.bodies.receive(
    exchange,
    { wanted: route === 'api' },
    // Only calls with somebody else's token go without an account.
    (body) => ({ path, canonical, query, route, account, body }) as Call,
  );
}

/** Calls that name their account in the body must be read before it is known who they are. */
async function readCredentialsCall(
  exchange: Exchange,
  here: Omit<CallBase, 'body'> & { readonly route: 'token-endpoint' | 'code-exchange' },
  hints: AccountHints,
  placeholder: PlaceholderClaim | undefined,
  parts: CallParts,
): Promise<Call> {
  const limits = { wanted: true, limitBytes: CREDENTIALS_LIMIT_BYTES };
  const body = await parts.bodies.receive(exchange, limits, (received) => received);
  try {
    if (body.kind === 'streamed') throw tooLarge();
    const stated = statedCredentials(
      here.query,
      body.kind === 'held' ? body.bytes.whole() : undefined,
    );
    const all = { ...hints, stated: stated.appid };
    const { route } = here;
    const { tokenEndpoints: mode } = parts;
    const takesAppSecret = route === 'token-endpoint' && mode === 'issue';
    const proofs = {
      header: headerValue(exchange, KEY_FIELD),
      secret: stated.secret,
      placeholder,
      appSecret: takesAppSecret ? appSecretOf(all, parts.accounts) : undefined,
    };
    // Before the account is looked for: who has no key learns nothing, and brings nothing into use.
    checkClientKey(parts.clientKey, proofs, parts.placeholders);
    exchange.appid = knownAppid(all, parts.accounts);
    if (route === 'token-endpoint' && mode !== 'issue') {
      // Nothing of the account is needed, and each one in use is a hundred lines of metrics.
      exchange.account = parts.accounts.inUse(exchange.appid);
      return { ...here, route, mode, appid: exchange.appid, account: exchange.account, body };
    }
    const account = parts.accounts.get(exchange.appid) as Account;
    exchange.account = account;
    const rest = { ...here, account, stated, body };
    return route === 'code-exchange' ? { ...rest, route } : { ...rest, route, mode: 'issue' };
  } catch (error) {
    parts.bodies.release(body);
    throw error;
  }
}

function appSecretOf(hints: AccountHints, accounts: AccountRegistry): Secret | undefined {
  const appid = chooseAppid(hints, accounts);
  return appid === undefined ? undefined : accounts.credentials(appid)?.secret;
}

function headerValue({ req }: Exchange, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** One of an account that is gone counts too: its call must not go out with another account's token. */
function placeholderIn(query: string | undefined): PlaceholderClaim | undefined {
  for (const value of parameterValues(query, 'access_token')) {
    const claim = findPlaceholder(value);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

function tooLarge(): ProxyError {
  return new ProxyError(
    'ERR_REQUEST_REFUSED',
    `a call of a token endpoint or code exchange has a body of at most ${CREDENTIALS_LIMIT_BYTES} bytes`,
    { status: 413 },
  );
}
