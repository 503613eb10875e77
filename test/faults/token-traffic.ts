/** The real program with many accounts, and an app for each that calls all the time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import { allReady, startReplica, type Env, type Replica } from '../helpers/fleet.ts';
import type { FaultyAccount, FaultyEndpoint } from './token-endpoint.ts';

/** What one call of an app came to. */
export interface Call {
  /** `performance.now()`. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly status: number;
  /** `x-wxproxy-error`, empty where all is well. */
  readonly code: string;
  readonly retryAfter: string;
  readonly errcode: number;
}

export interface Traffic {
  callsOf(account: FaultyAccount): readonly Call[];
  stop(): Promise<void>;
}

export const TOKEN_TIMEOUT_MS = 500;

/** The program with the endpoint's accounts and one more, the default, that nothing befalls. */
export async function startWithAccounts(
  t: Test,
  endpoint: FaultyEndpoint,
  env: Env = {},
): Promise<Replica> {
  const { accounts } = endpoint;
  const well = endpoint.account({
    tokenApi: 'stable_token',
    lifeS: 7200,
    goodCalls: 0,
    trouble: undefined,
  });
  const entries = [...accounts, well].map(({ appid, appsecret, tokenApi }) => {
    return { appid, appsecret, tokenApi, default: appid === well.appid };
  });
  const folder = mkdtempSync(join(tmpdir(), 'wxproxy-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'accounts.json');
  writeFileSync(file, JSON.stringify(entries), { mode: 0o600 });
  const server = await startReplica(t, {
    WECHAT_APPID: undefined,
    WECHAT_APPSECRET: undefined,
    WXPROXY_ACCOUNTS_FILE: file,
    WXPROXY_UPSTREAM: endpoint.url,
    WXPROXY_TOKEN_TIMEOUT: `${TOKEN_TIMEOUT_MS}ms`,
    ...env,
  });
  await allReady([server]);
  return server;
}

export function startTraffic(
  t: Test,
  { url }: Replica,
  accounts: readonly FaultyAccount[],
  pauseMs = 100,
): Traffic {
  const calls = new Map<FaultyAccount, Call[]>();
  const ended = new AbortController();
  const app = async (account: FaultyAccount, made: Call[]): Promise<void> => {
    while (!ended.signal.aborted) {
      made.push(await callOnce(url, account));
      await delay(pauseMs);
    }
  };
  const apps = accounts.map((account) => {
    const made: Call[] = [];
    calls.set(account, made);
    return app(account, made);
  });
  const stop = async (): Promise<void> => {
    ended.abort();
    await Promise.all(apps);
  };
  t.teardown(stop);
  return { callsOf: (account) => calls.get(account) ?? [], stop };
}

export async function callOnce(url: string, { appid }: FaultyAccount): Promise<Call> {
  const startedMs = performance.now();
  const answer = await fetch(`${url}/${appid}/wxa/order?for=${appid}`);
  const { errcode } = (await answer.json()) as { errcode: number };
  return {
    startedMs,
    endedMs: performance.now(),
    status: answer.status,
    code: answer.headers.get('x-wxproxy-error') ?? '',
    retryAfter: answer.headers.get('retry-after') ?? '',
    errcode,
  };
}
