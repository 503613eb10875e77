/** What is seen on both sides of the proxy after a client has done all its work. */
import type { Test } from 'tap';
import type { Client, Subject } from './client.ts';
import { FIRST, SECOND, type Desk } from './desk.ts';
import type { SentRequest } from './wire.ts';

const TOKEN_PATHS = /\/cgi-bin\/(?:stable_)?token(?:\?|$)/;

/** As many calls arrived with an account's token as were made for that account. */
export function reachedTheirAccount(
  t: Test,
  sent: readonly SentRequest[],
  { served, simulator }: Desk,
): void {
  const made: Record<string, number> = { [FIRST]: 0, [SECOND]: 0 };
  for (const { url } of sent) {
    if (TOKEN_PATHS.test(url) || url.includes('/sns/')) continue;
    const appid = url.includes(SECOND) ? SECOND : FIRST;
    made[appid] = (made[appid] ?? 0) + 1;
  }
  // The simulator refused one call for each rotation, before it served its replay.
  const wanted = { [FIRST]: (made[FIRST] ?? 0) + 1, [SECOND]: (made[SECOND] ?? 0) + 1 };
  t.strictSame(served(), wanted, 'each call went out with the token of its account');
  t.equal(simulator.counts.rejectedCalls, 2);
  t.not(made[FIRST], made[SECOND], 'the two can be told apart');
}

/** The upstream saw the proxy's own token calls: one at first and one a rotation, for each account. */
export function askedForNoToken(
  t: Test,
  sent: readonly SentRequest[],
  { token }: Subject,
  { simulator }: Desk,
): void {
  const own = { token: 0, stableNormal: 2, stableForced: 0 };
  t.strictSame(simulator.counts.accounts, { [FIRST]: own, [SECOND]: own });
  t.equal(simulator.counts.tokenCalls, 4, "the proxy's own, and no other");
  const asked = sent.filter(({ url }) => TOKEN_PATHS.test(url)).length;
  if (token === 'fetches') t.equal(asked, 2, 'it asked for a token once an account, and kept it');
  else t.equal(asked, 0);
}

/** Neither what it keeps nor any byte it was ever given holds a token, a secret or a token error. */
export function heldNothing(t: Test, clients: readonly Client[], { secrets, wire }: Desk): void {
  const received = wire.received();
  for (const secret of secrets()) {
    t.notOk(received.includes(secret), 'nothing real was sent to the app');
    for (const { memory } of clients) t.notOk(memory().includes(secret), 'it keeps nothing real');
  }
  t.notMatch(received, /"errcode":"?(?:4[0-2]\d{3}|-1)/, 'the app was shown no error');
  t.match(received, /"ip_list"|"errcode":0/, 'and was shown answers');
}
