import t from 'tap';
import { answerOf } from '../helpers/raw-reply.ts';
import { onEachLane } from './on-each-lane.ts';

const LATIN_1 = 'attachment; filename="caf\xe9 \xff.jpg"';
const VIA = /^1\.1 wxproxy-[0-9a-f]+$/;

onEachLane(t, 'hop-by-hop fields of a request end at the proxy', {}, async (t, stage) => {
  await stage.get([
    'Connection: keep-alive, X-Private , x-other',
    'Keep-Alive: timeout=1',
    'TE: trailers',
    'Trailer: X-Sum',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
    'Proxy-Authorization: Basic eDp5',
    'Proxy-Connection: keep-alive',
    'X-Private: 1',
    'X-OTHER: 2',
    'X-Kept: 3',
  ]);
  const [request] = stage.upstream.requests;
  const names = request?.fields.map(([name]) => name.toLowerCase());
  t.strictSame(names, ['host', 'x-kept', 'via', 'connection'].toSorted(sameOrder(names)));
  t.strictSame(request?.values('connection'), ['keep-alive']);
});

onEachLane(t, 'Connection cannot remove what the proxy sets', {}, async (t, stage) => {
  await stage.post('{}', ['Connection: content-length, host, via, access_token']);
  const [request] = stage.upstream.requests;
  t.strictSame(request?.values('content-length'), ['2']);
  t.strictSame(request?.values('host'), [new URL(stage.upstream.url).host]);
  t.match(request?.values('via')[0], VIA);
});

onEachLane(
  t,
  'hop-by-hop fields of an answer end at the proxy',
  {
    answer: answerOf('ok', [
      'Connection: keep-alive, x-private, content-length, via',
      'Keep-Alive: timeout=3, max=7',
      'Proxy-Authenticate: Basic',
      'Upgrade: h2c',
      'X-Private: 1',
      'X-Kept: 2',
    ]),
  },
  async (t, stage) => {
    const answer = await stage.get();
    t.strictSame(
      answer.fields.map(([name]) => name),
      ['X-Kept', 'Content-Length', 'Via', 'Keep-Alive', 'Date', 'Connection'],
    );
    t.strictSame(answer.values('keep-alive'), ['timeout=65']);
    t.equal(answer.body.toString(), 'ok');
  },
);

onEachLane(
  t,
  "the upstream's Connection: close does not reach the app",
  { answer: answerOf('ok', ['Connection: close']) },
  async (t, stage) => {
    for (let round = 0; round < 3; round++) {
      const answer = await stage.get();
      t.strictSame(answer.values('connection'), ['keep-alive']);
    }
    t.equal(stage.client.ending, undefined);
  },
);

onEachLane(t, 'fields of a request keep order, casing, repetition and bytes', {}, async (t, s) => {
  const sent = [
    ['X-b', '1'],
    ['x-A', '2'],
    ['X-B', '3'],
    ['Content-Disposition', LATIN_1],
    ['Cookie', 'a=1'],
    ['cookie', 'b=2'],
    ['ACCEPT-encoding', 'gzip;q=0.5,  br'],
    ['Content-Type', 'multipart/form-data; boundary="--- odd=?"'],
    ['Wechatmp-Signature', 'x\ty=='],
    ['X-Empty', ''],
    ['Via', '1.0 somebody'],
  ];
  await s.post(
    undefined,
    sent.map(([name, value]) => `${name}: ${value}`),
  );
  const fields = s.upstream.requests[0]?.fields ?? [];
  const ours = new Set(['host', 'content-length', 'connection']);
  const rest = fields.filter(([name]) => !ours.has(name.toLowerCase()));
  t.strictSame(rest.slice(0, -1), sent);
  t.equal(rest.at(-1)?.[0], 'Via');
  t.match(rest.at(-1)?.[1], VIA);
});

const answered = [
  ['X-b', '1'],
  ['set-cookie', 'a=1; Path=/'],
  ['SET-Cookie', 'b=2'],
  ['x-A', '2'],
  ['Content-disposition', LATIN_1],
  ['X-B', '3'],
  ['Content-Type', 'application/json; encoding=utf-8'],
  ['X-Empty', ''],
  ['Date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['Via', '1.1 wechat'],
];

for (const [how, answer] of [
  [
    'in one piece',
    answerOf(
      '{}',
      answered.map(([name, value]) => `${name}: ${value}`),
    ),
  ],
  [
    'chunked',
    `HTTP/1.1 200 OK\r\n${answered.map(([name, value]) => `${name}: ${value}\r\n`).join('')}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  ],
] as const) {
  onEachLane(
    t,
    `fields of an answer keep order, casing, repetition and bytes, ${how}`,
    { answer },
    async (t, stage) => {
      const { fields, body } = await stage.get();
      const ours = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive']);
      const rest = fields.filter(([name]) => !ours.has(name.toLowerCase()));
      t.strictSame(rest.slice(0, -1), answered);
      t.match(rest.at(-1)?.[1], VIA);
      t.equal(body.toString(), '{}');
    },
  );
}

onEachLane(
  t,
  'an answer with a thousand and more fields keeps them all',
  {
    answer: answerOf(
      'ok',
      Array.from({ length: 1500 }, (_, i) => `X: ${i}`),
    ),
  },
  async (t, stage) => {
    const answer = await stage.get();
    t.equal(answer.values('x').length, 1500);
    t.equal(answer.body.toString(), 'ok');
  },
);

onEachLane(
  t,
  'an answer with a head of 48 KiB arrives',
  {
    answer: answerOf(
      'ok',
      Array.from({ length: 48 }, (_, i) => `X-${i}: ${'y'.repeat(1000)}`),
    ),
  },
  async (t, stage) => {
    const answer = await stage.get();
    t.equal(answer.status, 200);
    t.equal(answer.values('x-47')[0]?.length, 1000);
  },
);

for (const [what, line] of [
  ['its own words', 'HTTP/1.1 299 Quite All Right'],
  ['no words at all', 'HTTP/1.1 200 '],
] as const) {
  onEachLane(
    t,
    `a status line with ${what} stays as it is`,
    { answer: `${line}\r\nContent-Length: 2\r\n\r\nok` },
    async (t, stage) => {
      const answer = await stage.get();
      t.equal(answer.line, line);
      t.equal(answer.body.toString(), 'ok');
    },
  );
}

for (const words of ['D\xe9j\xe0 vu', '\xe5\xb7\xb2']) {
  onEachLane(
    t,
    'a status line with words beyond ASCII gets the usual ones',
    { answer: `HTTP/1.1 200 ${words}\r\nContent-Length: 2\r\n\r\nok` },
    async (t, stage) => {
      const answer = await stage.get();
      t.equal(answer.line, 'HTTP/1.1 200 OK');
      t.equal(answer.body.toString(), 'ok');
    },
  );
}

/** Sorts as the given list does: where a library puts its own fields is its own business. */
function sameOrder(list: readonly string[] | undefined) {
  return (a: string, b: string): number => (list?.indexOf(a) ?? 0) - (list?.indexOf(b) ?? 0);
}
