import { createHash } from 'node:crypto';
import t from 'tap';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { until } from '../helpers/proxy.ts';
import type { Answer } from '../helpers/raw-connection.ts';
import { answerOf } from '../helpers/raw-reply.ts';
import { LANES_OF_API_CALLS, LARGE_BODIES, onEachLane, REPLAY_LANE } from './on-each-lane.ts';

const REJECTION =
  '{"errcode":40001,"errmsg":"invalid credential, access_token is invalid or not latest, rid: 6-7-8"}';

/** The first request is answered so, every other one well. */
function onceThen(first: Answer | Buffer, then = answerOf('{"ok":1}')): Answer {
  let answered = 0;
  return async (request, reply) => {
    await request.whole;
    if (answered++ > 0) return reply.send(then);
    return typeof first === 'function' ? first(request, reply) : reply.send(first);
  };
}

const JSON_TYPE = ['Content-Type: application/json; encoding=utf-8'];

/** Answers that reject the token, however they are dressed. */
const rejections: Readonly<Record<string, Buffer | Answer>> = {
  'as JSON': answerOf(REJECTION, JSON_TYPE),
  'as text/plain': answerOf(REJECTION, ['Content-Type: text/plain']),
  'as an image': answerOf(REJECTION, ['Content-Type: image/jpeg']),
  'without any type': answerOf(REJECTION),
  'with another status': Buffer.from(
    `HTTP/1.1 401 Unauthorized\r\nContent-Length: ${REJECTION.length}\r\n\r\n${REJECTION}`,
  ),
  'in gzip': answerOf(gzipSync(REJECTION), ['Content-Encoding: gzip']),
  'in x-gzip': answerOf(gzipSync(REJECTION), ['Content-Encoding: X-GZip']),
  'in deflate': answerOf(deflateSync(REJECTION), ['Content-Encoding: deflate']),
  'in bare deflate': answerOf(deflateRawSync(REJECTION), ['Content-Encoding: deflate']),
  'in br': answerOf(brotliCompressSync(REJECTION), ['Content-Encoding: br']),
  'with encoding identity': answerOf(REJECTION, ['Content-Encoding: identity']),
  'behind white space': answerOf(` \r\n\t${REJECTION}`),
  'behind a BOM': answerOf(`\xef\xbb\xbf${REJECTION}`),
  'behind a BOM and white space': answerOf(`\xef\xbb\xbf \n${REJECTION}`),
  'with spacing of its own': answerOf('{\n  "errmsg" : "no" ,\n  "errcode" :\t42001\n}\n'),
  'with errcode as a string': answerOf('{"errcode":"40014","errmsg":"invalid access_token"}'),
  'with errcode last': answerOf('{"a":[1,{"errcode":0}],"b":"}","errmsg":"x","errcode":42001}'),
  'with raw control characters and a large number': answerOf(
    '{"id":12345678901234567890123,"text":"a\x01\nb","errcode":40001}',
  ),
  'in chunks': Buffer.from(
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${REJECTION.length.toString(16)}\r\n${REJECTION}\r\n0\r\n\r\n`,
  ),
  'up to the end of its connection': async (_request, reply) => {
    await reply.send(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${REJECTION}`);
    reply.cut();
  },
  'a byte a segment': (_request, reply) => reply.trickle(answerOf(REJECTION), 1),
  'in gzip, a byte a segment': (_request, reply) =>
    reply.trickle(answerOf(gzipSync(REJECTION), ['Content-Encoding: gzip']), 1),
  'in br, a byte a segment': (_request, reply) =>
    reply.trickle(answerOf(brotliCompressSync(REJECTION), ['Content-Encoding: br']), 1),
  'in bare deflate, a byte a segment': (_request, reply) =>
    reply.trickle(answerOf(deflateRawSync(REJECTION), ['Content-Encoding: deflate']), 1),
};

for (const [how, rejection] of Object.entries(rejections)) {
  onEachLane(
    t,
    `a rejection ${how} is replayed with another token`,
    { lanes: [REPLAY_LANE], answer: onceThen(rejection) },
    async (t, { client, path, upstream, proxy }) => {
      const body = '{"touser":"x"}';
      const fields = [`Content-Length: ${body.length}`];
      const answer = await client.request(`POST ${path}?a=1`, fields, body).answer();
      t.equal(answer.body.toString(), '{"ok":1}');
      t.equal(answer.line, 'HTTP/1.1 200 OK');
      t.equal(upstream.tokenCalls, 2);
      t.equal(upstream.requests.length, 2);
      const [first, second] = upstream.requests;
      t.not(first?.target, second?.target);
      t.equal(second?.target, `${path}?a=1&access_token=${upstream.token}`);
      t.equal((await second?.whole)?.toString(), body);
      t.equal(await proxy.metric('replays_total', { outcome: 'ok' }), 1);
    },
  );
  onEachLane(
    t,
    `a rejection ${how} that cannot be replayed is passed on and noticed`,
    { lanes: [LARGE_BODIES], answer: onceThen(rejection) },
    async (t, stage) => {
      const answer = await stage.post();
      t.not(answer.body.toString(), '{"ok":1}');
      await until(() => stage.upstream.tokenCalls === 2, 'another token was fetched');
      t.equal((await stage.post()).body.toString(), '{"ok":1}');
      t.match(stage.upstream.requests[1]?.target, stage.upstream.token, 'with another token');
      const { proxy } = stage;
      t.equal(await proxy.metric('replays_skipped_total', { reason: 'too_large' }), 1);
      t.equal(await proxy.metric('token_rejections_total'), 1);
    },
  );
}

const binary = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) & 0xff));

/** Answers that are none, although they look like it. */
const accepted: Readonly<Record<string, Buffer>> = {
  'JSON with a nested errcode': answerOf('{"list":[{"errcode":40001}],"x":{"errcode":42001}}'),
  'JSON with an errcode inside a string': answerOf('{"body":"{\\"errcode\\":40001}"}'),
  'JSON with another key': answerOf('{"errcode2":40001,"my errcode":40001}'),
  'an array': answerOf('[{"errcode":40001}]'),
  'text that speaks of it': answerOf('"errcode":40001'),
  'binary that begins with {': answerOf(Buffer.concat([Buffer.from('{"errcode\0'), binary])),
  'a lone {': answerOf('{'),
  'JSON that ends in the middle of errcode': answerOf('{"errcode":4000'),
  'errcode 0': answerOf('{"errcode":0,"errmsg":"ok"}', JSON_TYPE),
  "another token's errcode": answerOf('{"errcode":42002,"errmsg":"refresh_token expired"}'),
  'odd spacing': answerOf('{ "a" :1,\r\n\t"b":[ 1 , 2 ] , "c":1.50e+1,"a":"\\u4f60\\/" }\n\n'),
  'a number beyond 2^53': answerOf('{"errcode":0,"msgid":12345678901234567890}'),
  gzip: answerOf(gzipSync(binary), ['Content-Encoding: gzip']),
  'a wrong encoding': answerOf('{"a":1}', ['Content-Encoding: gzip']),
  'an unknown encoding': answerOf(binary, ['Content-Encoding: compress']),
  'broken br': answerOf('\x8b{"errcode":40001}', ['Content-Encoding: br']),
  'nothing but white space': answerOf(' \n '),
  'a BOM alone': answerOf('\xef\xbb\xbf'),
};

for (const [what, bytes] of Object.entries(accepted)) {
  onEachLane(
    t,
    `${what} is passed on byte for byte`,
    { lanes: LANES_OF_API_CALLS, answer: bytes },
    async (t, stage) => {
      const answer = await stage.post();
      const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
      t.equal(sha256(answer.body), sha256(body));
      t.equal(answer.end, 'whole');
      t.equal(stage.upstream.requests.length, 1);
      t.equal(stage.upstream.tokenCalls, 1);
    },
  );
}

onEachLane(
  t,
  'a replay that is rejected too reaches the app, byte for byte',
  { lanes: [REPLAY_LANE], answer: answerOf(` ${REJECTION}\n`, JSON_TYPE) },
  async (t, stage) => {
    const answer = await stage.post('{}');
    t.equal(answer.body.toString(), ` ${REJECTION}\n`);
    t.equal(stage.upstream.requests.length, 2);
    t.equal(await stage.proxy.metric('replays_total', { outcome: 'rejected' }), 1);
  },
);

const EARLY_HALF = '{"list":[{"a":"bcdef"}]';
const LATE_HALF = ',"errcode":40001}';

onEachLane(
  t,
  'a rejection found only when the answer is on its way is noticed',
  { lanes: [REPLAY_LANE] },
  async (t, { client, path, upstream, get }) => {
    const atTheApp = Promise.withResolvers<void>();
    const length = EARLY_HALF.length + LATE_HALF.length;
    upstream.answer = onceThen(async (_request, reply) => {
      await reply.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${EARLY_HALF}`);
      await atTheApp.promise;
      await reply.send(LATE_HALF);
    });
    client.request(`GET ${path}`);
    t.equal((await client.head()).status, 200);
    await client.available(EARLY_HALF.length);
    atTheApp.resolve();
    await client.available(length);
    t.equal(client.take(length).toString(), EARLY_HALF + LATE_HALF);
    await until(() => upstream.tokenCalls === 2, 'another token was fetched');
    t.equal((await get()).body.toString(), '{"ok":1}');
  },
);

onEachLane(
  t,
  'tokens are blanked where an answer quotes a request, and nothing else changes',
  { lanes: LANES_OF_API_CALLS },
  async (t, { client, lane, upstream }) => {
    const quote = (token: string): string =>
      `{"errcode":0, "request":{"request_url":"access_token=${token}&a=1","request_body":"{\\"x\\":\\"\xe4\\"}"}}`;
    const old = 'a-token-of-yesterday_9';
    upstream.answer = answerOf(quote(upstream.token) + quote(old));
    const body = lane.body || '{"rid":"1"}';
    const fields = [`Content-Length: ${body.length}`, 'Accept-Encoding: gzip'];
    const answer = await client.request('POST /cgi-bin/openapi/rid/get', fields, body).answer();
    const stars = (token: string): string => '*'.repeat(token.length);
    t.equal(answer.body.toString('latin1'), quote(stars(upstream.token)) + quote(stars(old)));
    t.strictSame(upstream.requests[0]?.values('accept-encoding'), []);
  },
);

onEachLane(
  t,
  'a quoting answer that came compressed unasked is not passed on',
  {
    lanes: LANES_OF_API_CALLS,
    answer: answerOf(gzipSync('{"errcode":0}'), ['Content-Encoding: gzip']),
  },
  async (t, { client, lane }) => {
    const body = lane.body || '{"rid":"1"}';
    client.request('POST /cgi-bin/openapi/rid/get', [`Content-Length: ${body.length}`], body);
    t.equal((await client.answer()).status, 502);
  },
);

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
