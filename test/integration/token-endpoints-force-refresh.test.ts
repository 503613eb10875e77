import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { systemClock } from '../../src/token/clock.ts';
import { startProxy, untilReady } from '../helpers/proxy.ts';

const { appid } = DEMO_ACCOUNT;
const KEY = 'a-client-key-of-some-length';

/** A proxy that issues tokens, one token of WeChat behind it, and time that passes only when told. */
async function issuer(t: Test, env: Record<string, string> = {}) {
  let nowMs = Date.UTC(2026, 0, 1);
  const simulator = await startSimulator({ now: () => nowMs });
  t.teardown(() => simulator.stop());
  const proxy = await startProxy(t, {
    upstream: simulator.url,
    env: { WXPROXY_TOKEN_ENDPOINTS: 'issue', WXPROXY_CLIENT_KEY: KEY, ...env },
    clock: {
      now: () => nowMs,
      monotonic: () => nowMs,
      // Short waits, as before a force_refresh, are not what is tested here.
      after: (ms, run) => systemClock.after(ms < 5000 ? ms / 100 : ms, run),
    },
  });
  await untilReady(proxy);
  const ask = (rejected?: string): Promise<Response> =>
    fetch(`${proxy.url}/cgi-bin/stable_token`, {
      method: 'POST',
      ...(rejected === undefined ? {} : { headers: { 'x-wxproxy-rejected': sha256(rejected) } }),
      body: JSON.stringify({
        grant_type: 'client_credential',
        appid,
        secret: KEY,
        force_refresh: true,
      }),
    });
  return {
    simulator,
    proxy,
    ask,
    forced: async (rejected?: string): Promise<string> => {
      const answer = await ask(rejected);
      const body = (await answer.json()) as { readonly access_token: string };
      return body.access_token;
    },
    pass: (ms: number): void => void (nowMs += ms),
    current: (): string => simulator.state().accounts[appid]?.stable_token.current?.value as string,
    /** The proxy's token calls; an app's must never be among them. */
    calls: () => simulator.counts.accounts[appid],
    /** Tokens there have been. */
    issued: () => simulator.state().accounts[appid]?.stable_token.issued,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

t.test('a loop of force_refresh cannot rotate the token', async (t) => {
  const { forced, current, calls, issued, pass } = await issuer(t);
  const first = current();
  for (let i = 0; i < 50; i++) t.equal(await forced(), first);
  t.equal(calls()?.stableForced, 0, 'a token younger than 30 s is given again');
  t.equal(calls()?.stableNormal, 1);

  pass(30_000);
  const second = await forced();
  t.not(second, first, 'an older one is taken for rejected');
  for (let i = 0; i < 50; i++) t.equal(await forced(second), second);
  t.equal(calls()?.stableForced, 1);
  t.equal(issued(), 2);
});

t.test('force_refresh requests of many callers at once cost one refresh', async (t) => {
  const { forced, current, calls, issued, pass } = await issuer(t);
  const rejected = current();
  pass(60_000);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => forced(i % 2 === 0 ? rejected : undefined)),
  );
  t.equal(new Set(answers).size, 1);
  t.not(answers[0], rejected);
  t.equal(calls()?.stableForced, 1);
  t.equal(issued(), 2);
});

t.test('with the digest of the rejected token only that token is refreshed', async (t) => {
  const { forced, current, calls, simulator } = await issuer(t);
  const first = current();
  t.equal(await forced('some token of yesterday'), first, 'that one is gone already');
  t.equal(calls()?.stableNormal, 1);

  simulator.rotate();
  const second = current();
  t.equal(await forced(first), second, 'however young: it is known to be bad');
  t.equal(await forced(first), second, 'a late caller gets what the first one was given');
  t.strictSame(calls(), { token: 0, stableNormal: 2, stableForced: 0 });
});

t.test('refreshes that are asked for are 30 s apart', async (t) => {
  const { forced, current, calls, pass } = await issuer(t);
  let token = current();
  for (let minute = 0; minute < 2; minute++) {
    pass(30_000);
    const next = await forced(token);
    t.not(next, token);
    token = next;
    pass(29_999);
    t.equal(await forced(token), token);
  }
  t.equal(calls()?.stableForced, 2);
});

t.test('a refresh that was asked for and failed is no success', async (t) => {
  const { ask, current, simulator, pass } = await issuer(t);
  const first = current();
  pass(60_000);
  simulator.refuseTokens({ errcode: -1, count: 'forever' });
  for (let i = 0; i < 10; i++) {
    const answer = await ask(first);
    // Spaced from the first one on: then the token in hand is all there is to give.
    t.equal(answer.status, i === 0 ? 503 : 200);
    const body: unknown = await answer.json();
    t.match(body, i === 0 ? { errcode: -1 } : { access_token: first });
  }
  t.equal(simulator.counts.tokenCallsRefused, 1);
});

t.test('with the classic API a loop of force_refresh cannot rotate either', async (t) => {
  const { forced, simulator, pass } = await issuer(t, { WXPROXY_TOKEN_API: 'token' });
  const calls = (): number | undefined => simulator.counts.accounts[appid]?.token;
  for (let i = 0; i < 20; i++) await forced();
  t.equal(calls(), 1);
  pass(30_000);
  for (let i = 0; i < 20; i++) await forced();
  t.equal(calls(), 2);
});

t.test('force_refresh must be true, and is of no account on the classic endpoint', async (t) => {
  const { proxy, current, calls, pass } = await issuer(t);
  pass(60_000);
  const first = current();
  for (const force_refresh of ['true', 1, null, false]) {
    const answer = await fetch(`${proxy.url}/cgi-bin/stable_token`, {
      method: 'POST',
      body: JSON.stringify({ appid, secret: KEY, force_refresh }),
    });
    t.match(await answer.json(), { access_token: first });
  }
  const answer = await fetch(
    `${proxy.url}/cgi-bin/token?appid=${appid}&secret=${KEY}&force_refresh=true`,
  );
  t.match(await answer.json(), { access_token: first });
  t.equal(calls()?.stableNormal, 1);
});
