/**
 * A WeChat whose token endpoint goes wrong for each account in a way of its own, so that one program
 * can meet all of them at a time. Its API knows whose token is good, and when.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Test } from 'tap';

/** What a token call comes to. @param issue a new token that lives so long, in seconds */
export type Trouble = (
  res: ServerResponse,
  issue: (lifeS: number, chars?: number) => string,
) => void;

export interface FaultyAccount {
  readonly appid: string;
  readonly appsecret: string;
  readonly tokenApi: 'token' | 'stable_token';
  /** Life of the tokens that are given without trouble, in seconds. */
  lifeS: number;
  /** Token calls that are answered well before the trouble begins. */
  readonly goodCalls: number;
  /** undefined: every call brings a token. */
  trouble: Trouble | undefined;
  /** When its token calls arrived, `performance.now()`. */
  readonly callsAtMs: number[];
  /** When the token of its first good call was issued. */
  issuedAtMs: number;
  /** API calls that carried no token of this account that was good. */
  badCalls: number;
}

export interface FaultyEndpoint {
  readonly url: string;
  readonly accounts: readonly FaultyAccount[];
  account(plan: Pick<FaultyAccount, 'tokenApi' | 'lifeS' | 'goodCalls' | 'trouble'>): FaultyAccount;
}

/** A token is good for a little longer than it was told, for what is still on its way. */
const GRACE_MS = 300;

export function json(res: ServerResponse, body: object, status = 200): void {
  res.writeHead(status, { 'content-type': 'text/plain' }).end(JSON.stringify(body));
}

export async function startFaultyEndpoint(t: Test): Promise<FaultyEndpoint> {
  const accounts = new Map<string, FaultyAccount>();
  /** token → its account and its end. */
  const tokens = new Map<string, { account: FaultyAccount; untilMs: number }>();

  const issue = (account: FaultyAccount, lifeS: number, chars = 120): string => {
    const value = `90_${account.appid}_${tokens.size}_`.padEnd(chars, 'x');
    tokens.set(value, { account, untilMs: performance.now() + lifeS * 1000 + GRACE_MS });
    return value;
  };

  const tokenCall = (account: FaultyAccount, res: ServerResponse): void => {
    const { callsAtMs, goodCalls, trouble, lifeS } = account;
    if (callsAtMs.push(performance.now()) > goodCalls && trouble !== undefined) {
      return trouble(res, (life, chars) => issue(account, life, chars));
    }
    account.issuedAtMs ||= performance.now();
    json(res, { access_token: issue(account, lifeS), expires_in: lifeS });
  };

  const apiCall = (url: URL, res: ServerResponse): void => {
    const held = tokens.get(url.searchParams.get('access_token') ?? '');
    const appid = url.searchParams.get('for') ?? '';
    if (held?.account.appid === appid && held.untilMs > performance.now()) {
      return json(res, { errcode: 0, errmsg: 'ok' });
    }
    const account = accounts.get(appid);
    if (account !== undefined) account.badCalls += 1;
    json(res, { errcode: 40001, errmsg: 'invalid credential' });
  };

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url ?? '/', 'http://localhost');
    let body = '';
    for await (const chunk of req) body += String(chunk);
    if (!url.pathname.startsWith('/cgi-bin/')) return apiCall(url, res);
    const asked = body === '' ? '{}' : body;
    const { appid = url.searchParams.get('appid') ?? '' } = JSON.parse(asked) as { appid?: string };
    const account = accounts.get(appid);
    if (account === undefined) json(res, { errcode: 40013, errmsg: 'invalid appid' });
    else tokenCall(account, res);
  };

  const sockets = new Set<Socket>();
  const server = createServer((req, res) => void answer(req, res).catch(() => res.destroy()));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get accounts() {
      return [...accounts.values()];
    },
    account(plan) {
      const appid = `wxfault${String(accounts.size).padStart(4, '0')}`;
      const account: FaultyAccount = {
        ...plan,
        appid,
        appsecret: appid.padEnd(32, '0'),
        callsAtMs: [],
        issuedAtMs: 0,
        badCalls: 0,
      };
      accounts.set(appid, account);
      return account;
    },
  };
}
