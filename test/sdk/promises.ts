/** What every SDK and every HTTP client is promised, whatever it is. */
import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { JPEG, PNG } from '../../src/simulator/media.ts';
import type { Client, Subject } from './client.ts';
import { CLIENT_KEY, FIRST, openDesk, SECOND, type Desk } from './desk.ts';
import { askedForNoToken, heldNothing, reachedTheirAccount } from './evidence.ts';
import { refusedToken, stubbornTokenError } from './failing.ts';

/** Runs all promises. */
export function keepPromises(subject: Subject): void {
  const { name } = subject;
  void t.test(`${name}, its base URL changed and nothing else`, (t) => promises(t, subject));
  void t.test(`${name}, with the client key for a secret`, (t) => promises(t, subject, CLIENT_KEY));
  void t.test(`${name}, when a token error does not go away`, (t) =>
    stubbornTokenError(t, subject),
  );
  if (subject.token === 'fetches') {
    void t.test(`${name}, when it is refused a token`, (t) => refusedToken(t, subject));
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
  reachedTheirAccount(t, sent, desk);
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

function isUpload({ method, url }: { readonly method: string; readonly url: string }): boolean {
  return method === 'POST' && url.includes('/cgi-bin/media/upload');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
