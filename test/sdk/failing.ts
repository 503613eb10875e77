/** What happens to an SDK that cannot get what it asks for: an end, and no storm. */
import type { Test } from 'tap';
import type { Call, Subject } from './client.ts';
import { CLIENT_KEY, FIRST, openDesk } from './desk.ts';

/** One endpoint that says 40001 for ever must not burn the daily quota, whatever an SDK makes of it. */
export async function stubbornTokenError(t: Test, subject: Subject): Promise<void> {
  const { simulator, wire, folder } = await openDesk(t);
  const client = subject.open({
    baseUrl: wire.url,
    appid: FIRST,
    secret: 'none-that-would-do',
    headers: {},
    folder,
  });
  simulator.reject({ errcode: 40001, count: 'forever' });
  for (const { run } of Object.values(client.calls)) {
    t.match(await failure(run), /40001|invalid credential/, 'the app is told in the end');
  }
  const sent = await wire.sent();
  t.ok(sent.length < 40, `${sent.length} requests of the app`);
  // The proxy asks for another token once, and once more with force.
  t.ok(simulator.counts.tokenCalls <= 4, `${simulator.counts.tokenCalls} token calls`);
  t.equal(simulator.counts.accounts[FIRST]?.stableForced, 1);
}

/** A token endpoint that refuses ends the matter: nothing asks without end. */
export async function refusedToken(t: Test, subject: Subject): Promise<void> {
  const { simulator, wire, folder } = await openDesk(t, CLIENT_KEY);
  const client = subject.open({
    baseUrl: wire.url,
    appid: FIRST,
    secret: 'not-the-client-key',
    headers: {},
    folder,
  });
  const [call] = Object.values(client.calls);
  t.match(await failure((call as Call).run), /401|access_token/);
  const sent = await wire.sent();
  t.ok(sent.length < 5, `${sent.length} requests of the app`);
  t.equal(simulator.counts.apiCalls, 0);
  t.equal(simulator.counts.tokenCalls, 1, "the proxy's own");
}

/** What a call failed with, as text, whether it throws or hands the answer on. */
async function failure(run: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await run());
  } catch (error) {
    const { message, code } = error as { message: string; code?: unknown };
    return `${message} ${String(code)}`;
  }
}
