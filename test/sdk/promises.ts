/** What every SDK and every HTTP client is promised, whatever it is. */
import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { JPEG, PNG } from '../../src/simulator/media.ts';
import type { Call, Client, Given } from './client.ts';
import { FIRST, openDesk, SECOND, type Desk } from './desk.ts';
import type { SentRequest } from './wire.ts';

const KEY = 'a-client-key-of-some-length';
const TOKEN_PATHS = /\/cgi-bin\/(?:stable_)?token(?:\?|$)/;

export interface Subject {
  readonly name: string;
  /**
   * `fetches`: it gets itself a token, as SDKs do, and is given a placeholder. `none`: it sends no
   * token at all and names a second account in the path of its base URL.
   */
  readonly token: 'fetches' | 'none';
  readonly open: (given: Given) => Client;
}

/** Runs all promises. */
export function keepPromises(subject: Subject): void {
  const { name } = subject;
  void t.test(`${name}, its base URL changed and nothing else`, (t) => promises(t, subject));
  void t.test(`${name}, with the client key for a secret`, (t) => promises(t, subject, KEY));
  void t.test(`${name}, when a token error does not go away`, (t) => tokenError(t, subject));
  if (subject.token === 'fetches') {
    void t.test(`${name}, when it is refused a token`, (t) => noToken(t, subject));
  }
}

/** One endpoint that says 40001 for ever must not burn the daily quota, whatever an SDK makes of it. */
async function tokenError(t: Test, subject: Subject): Promise<void> {
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
async function noToken(t: Test, subject: Subject): Promise<void> {
  const { simulator, wire, folder } = await openDesk(t, KEY);
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

async function promises(t: Test, subject: Subject, clientKey?: string): Promise<void> {
  const desk = await openDesk(t, clientKey);
  const { wire, simulator, proxy } = desk;
  const open = (appid: string): Client =>
    subject.open({
      baseUrl: subject.token === 'none' && appid !== FIRST ? `${wire.url}/${appid}` : wire.url,
      appid,
      secret: clientKey ?? 'none-that-would-do',
      headers: clientKey === undefined ? {} : { 'x-wxproxy-key': clientKey },
      folder: desk.folder,
    });
  const [first, second] = [open(FIRST), open(SECOND)];

  for (const client of [first, second]) {
    await answers(t, client);
    await downloads(t, client);
    await uploads(t, client, desk);
  }
  // Somebody else takes a token: the first account's before a call, the second one's before an upload.
  simulator.rotate({ appid: FIRST });
  await answers(t, first, 'after a rotation');
  simulator.rotate({ appid: SECOND });
  await uploads(t, second, desk, 'after a rotation');
  await answers(t, second, 'after a rotation');
  await Promise.all([
    answers(t, first, 'both at once'),
    answers(t, second, 'both at once'),
    downloads(t, first, 'both at once'),
    answers(t, second, 'both at once, again'),
    downloads(t, second, 'both at once'),
  ]);
  await exchanges(t, first, desk);

  const sent = await wire.sent();
  await reachedTheirAccount(t, sent, desk);
  askedForNoToken(t, sent, subject, desk);
  heldNothing(t, [first, second], desk);
  t.equal(await proxy.metric('replays_total', { outcome: 'ok' }), 2, 'one replay a rotation');
}

async function answers(t: Test, { calls }: Client, when = 'at first'): Promise<void> {
  for (const [name, { run, wanted }] of Object.entries(calls)) {
    t.match(await run(), wanted, `${name}, ${when}`);
  }
}

async function downloads(t: Test, client: Client, when = 'at first'): Promise<void> {
  const picture = client.picture === 'png' ? PNG : JPEG;
  t.equal(sha256(await client.download()), sha256(picture), `download, ${when}`);
}

/** Byte for byte what the client sent, and the file in it. */
async function uploads(t: Test, client: Client, desk: Desk, when = 'at first'): Promise<void> {
  const { wire, simulator, file } = desk;
  for (const how of ['upload', 'uploadChunked'] as const) {
    const upload = client[how];
    if (upload === undefined) continue;
    const answer = await upload(file);
    const arrived = simulator.requests.findLast(isUpload);
    t.match(answer, { media_id: arrived?.bodySha256 as string }, `${how}, ${when}`);
    const sent = (await wire.sent()).find(({ body }) => sha256(body) === arrived?.bodySha256);
    t.ok(sent, 'the body arrived as it was sent');
    t.ok(sent?.body.includes(file.bytes), 'with the whole file in it');
    const isChunked = sent?.headers['transfer-encoding'] === 'chunked';
    if (how === 'uploadChunked') t.ok(isChunked, 'the app sent it chunked');
    const names = arrived?.rawHeaders.map((text) => text.toLowerCase());
    t.ok(names?.includes('content-length'), 'WeChat was told its length');
    t.notOk(names?.includes('transfer-encoding'));
  }
  t.equal(simulator.counts.lengthRefused, 0);
}

/** A login code, for an app that does not know its secret. */
async function exchanges(t: Test, { exchange }: Client, { simulator }: Desk): Promise<void> {
  if (exchange === undefined) return;
  t.match(await exchange('a-login-code'), { openid: /^o[\w-]{27}$/ }, 'a login code');
  t.match(simulator.requests.at(-1)?.url, /^\/sns\/(?:jscode2session|userinfo)\?/);
}

/** As many calls arrived with an account's token as were made for that account. */
async function reachedTheirAccount(
  t: Test,
  sent: readonly SentRequest[],
  { served, simulator }: Desk,
): Promise<void> {
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
function askedForNoToken(
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
function heldNothing(t: Test, clients: readonly Client[], { secrets, wire }: Desk): void {
  const received = wire.received();
  for (const secret of secrets()) {
    t.notOk(received.includes(secret), 'nothing real was sent to the app');
    for (const { memory } of clients) t.notOk(memory().includes(secret), 'it keeps nothing real');
  }
  t.notMatch(received, /"errcode":"?(?:4[0-2]\d{3}|-1)/, 'the app was shown no error');
  t.match(received, /"ip_list"|"errcode":0/, 'and was shown answers');
}

function isUpload({ method, url }: { readonly method: string; readonly url: string }): boolean {
  return method === 'POST' && url.includes('/cgi-bin/media/upload');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
