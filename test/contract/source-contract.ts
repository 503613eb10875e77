import { inspect } from 'node:util';
import type { Test } from 'tap';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { TokenCallError, type TokenSource } from '../../src/token/sources/source.ts';
import type { Fault } from '../../src/simulator/faults.ts';

export const CONTRACT_APPID = 'wxcontract00000001';
export const CONTRACT_SECRET = 'c0ffee00c0ffee00c0ffee00c0ffee00';

/** A source that asks the given WeChat, and what sets it free. */
export interface MadeSource {
  readonly source: TokenSource;
  readonly close: () => Promise<void>;
}

/**
 * Makes a source of `CONTRACT_APPID` with `CONTRACT_SECRET` before the WeChat at `origin`, whose
 * calls end after `timeoutMs`.
 */
export type MakeSource = (origin: string, timeoutMs: number) => Promise<MadeSource>;

/** Nothing takes so long unless it hangs. */
const PATIENT_MS = 20_000;
const SHORT_MS = 250;

/** What every source promises, whoever it asks. */
export function sourceContract(t: Test, name: string, make: MakeSource): void {
  const bench = async (
    t: Test,
    timeoutMs = PATIENT_MS,
  ): Promise<{ source: TokenSource; wechat: Simulator }> => {
    const wechat = await startSimulator({ accounts: { [CONTRACT_APPID]: CONTRACT_SECRET } });
    t.teardown(() => wechat.stop());
    const { source, close } = await make(wechat.url, timeoutMs);
    t.teardown(close);
    return { source, wechat };
  };

  t.test(`${name}: gives a token that WeChat accepts, and what is left of its life`, async (t) => {
    const { source, wechat } = await bench(t);
    const { value, expiresInMs, guessedLife } = await source.fetch({ force: false });
    t.ok(await isAccepted(wechat, value));
    t.ok(expiresInMs > 7_190_000 && expiresInMs <= 7_200_000, `${expiresInMs} ms`);
    t.notOk(guessedLife);
    t.equal(wechat.counts.tokenCalls, 1);
  });

  t.test(`${name}: says truly whether each call retires the token before`, async (t) => {
    const { source } = await bench(t);
    const first = await source.fetch({ force: false });
    const second = await source.fetch({ force: false });
    t.equal(first.value !== second.value, source.rotates);
  });

  t.test(`${name}: says truly whether it can be forced to give another token`, async (t) => {
    const { source } = await bench(t);
    const first = await source.fetch({ force: false });
    if (!source.canForce) return;
    const second = await source.fetch({ force: true, rejected: first.value });
    t.not(second.value, first.value);
    t.equal((await source.fetch({ force: false })).value, second.value);
  });

  t.test(`${name}: remembers nothing from one call to the next`, async (t) => {
    const { source, wechat } = await bench(t);
    await source.fetch({ force: false });
    wechat.rotate({ via: 'stable_token' });
    wechat.rotate({ via: 'token' });
    t.ok(await isAccepted(wechat, (await source.fetch({ force: false })).value));
    t.equal(wechat.counts.tokenCalls, 2);
  });

  const refusals = [
    [40164, 'refused', 'not in whitelist'],
    [40125, 'refused', 'invalid appsecret'],
    [45009, 'quota', '45009'],
    [45011, 'quota', '45011'],
    [-1, 'busy', '-1'],
  ] as const;
  t.test(`${name}: passes WeChat's own code and words on`, async (t) => {
    for (const [errcode, reason, words] of refusals) {
      const { source, wechat } = await bench(t);
      wechat.refuseTokens({ errcode, count: 'forever' });
      const error = await failure(source);
      t.equal(error.reason, reason, `${errcode}`);
      t.match(error.message, words, `${errcode}`);
    }
  });

  const faults: readonly (readonly [string, Fault, string])[] = [
    ['a call that hangs', { kind: 'hang' }, 'timeout'],
    ['an answer that trickles', { kind: 'slow', everyMs: 20 }, 'timeout'],
    ['a reset', { kind: 'reset' }, 'network'],
    ['a reset after the head', { kind: 'reset-after-head' }, 'network'],
    ['a cut answer', { kind: 'cut' }, 'network'],
    ['an empty 500', { kind: 'server-error' }, 'bad_response'],
    ['a page of HTML', { kind: 'html' }, 'bad_response'],
    ['an empty answer', { kind: 'empty' }, 'bad_response'],
    ['no token', { kind: 'answer', body: '{"expires_in":7200}' }, 'bad_response'],
    [
      'a redirect, which is not followed,',
      { kind: 'answer', status: 302, headers: { location: '/cgi-bin/token' } },
      'bad_response',
    ],
    ['a huge answer', { kind: 'answer', body: ' '.repeat(65 * 1024) }, 'bad_response'],
  ];
  for (const [what, fault, reason] of faults) {
    t.test(`${name}: ${what} is ${reason}, after one request`, async (t) => {
      const { source, wechat } = await bench(t, reason === 'timeout' ? SHORT_MS : PATIENT_MS);
      wechat.fault(fault);
      const error = await failure(source);
      t.equal(error.reason, reason);
      t.equal(error.errcode, undefined);
      t.equal(wechat.requests.length, 1, 'never a second one by itself');
      const shown = inspect(error, { depth: 9, showHidden: true });
      t.notOk(shown.includes(CONTRACT_SECRET), 'no secret in the failure');
    });
  }

  t.test(`${name}: nobody listening is a network failure`, async (t) => {
    const wechat = await startSimulator();
    await wechat.stop();
    const { source, close } = await make(wechat.url, PATIENT_MS);
    t.teardown(close);
    t.equal((await failure(source)).reason, 'network');
  });

  t.test(`${name}: after each trouble the next call is as good as the first`, async (t) => {
    const { source, wechat } = await bench(t);
    for (const kind of ['reset', 'cut', 'server-error', 'html'] as const) {
      wechat.fault({ kind });
      await failure(source);
      t.ok(await isAccepted(wechat, (await source.fetch({ force: false })).value), kind);
    }
  });
}

async function isAccepted({ url }: Simulator, token: string): Promise<boolean> {
  const answer = await fetch(`${url}/cgi-bin/getcallbackip?access_token=${token}`);
  return 'ip_list' in ((await answer.json()) as object);
}

async function failure(source: TokenSource): Promise<TokenCallError> {
  try {
    await source.fetch({ force: false });
  } catch (error) {
    if (error instanceof TokenCallError) return error;
    throw error;
  }
  throw new Error('it gave a token');
}
