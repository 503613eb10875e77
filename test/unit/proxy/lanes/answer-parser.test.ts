import t from 'tap';
import { parsed, type Parsed } from '../../../helpers/parsed-answer.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';

/** Whole answers, and what is to be read in them. */
const ANSWERS: Readonly<Record<string, [string, Partial<Parsed>]>> = {
  'a length': [
    `${HEAD}Content-Length: 5\r\nX-A: \t 1 2 \t\r\nX-Empty:\r\n\r\nhello`,
    {
      status: 200,
      reason: 'OK',
      headers: ['Content-Length', '5', 'X-A', '1 2', 'X-Empty', ''],
      body: 'hello',
      reusable: true,
    },
  ],
  'a length of nothing': [`${HEAD}Content-Length: 0\r\n\r\n`, { body: '', reusable: true }],
  'no phrase': ['HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n', { status: 404, reason: '' }],
  'an empty phrase': ['HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n', { status: 404, reason: '' }],
  'bytes above ASCII': [
    'HTTP/1.1 200 \xe5\xa5\xbd\r\nX-A: \xe4\xbd\xa0\r\nContent-Length: 2\r\n\r\n\xe5\0',
    {
      reason: '\xe5\xa5\xbd',
      headers: ['X-A', '\xe4\xbd\xa0', 'Content-Length', '2'],
      body: '\xe5\0',
    },
  ],
  chunks: [
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n00A;x="y"\r\n, world!!!\r\n0\r\n\r\n`,
    { body: 'hello, world!!!', trailers: [], reusable: true },
  ],
  'chunks that hold line ends': [
    `${HEAD}transfer-encoding: Chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n`,
    { body: '\r\n\r\n' },
  ],
  'chunks and trailers': [
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n!\r\n0;last\r\nX-Sum: 1\r\nX-B:2\r\n\r\n`,
    { body: '!', trailers: ['X-Sum', '1', 'X-B', '2'], reusable: true },
  ],
  'interim answers before it': [
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${HEAD}Content-Length: 1\r\n\r\n!`,
    { status: 200, headers: ['Content-Length', '1'], body: '!' },
  ],
  'no body by its status': [
    'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
    { status: 304, body: '', reusable: true },
  ],
  'no body by its status, but a length': [
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    { status: 204, body: '', reusable: false },
  ],
  'a connection that is to end': [
    `${HEAD}Connection: x, Close\r\nContent-Length: 1\r\n\r\n!`,
    { body: '!', reusable: false },
  ],
  'the old version': [
    'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n!',
    { body: '!', reusable: false },
  ],
  'the old version, kept': [
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n!',
    { body: '!', reusable: true },
  ],
};

for (const [what, [answer, expected]] of Object.entries(ANSWERS)) {
  t.test(`an answer with ${what}, in whatever pieces it comes`, async (t) => {
    const { pieces: _one, ...whole } = parsed([answer]);
    t.match(whole, { whole: true, ...expected });
    t.equal(whole.error, undefined);
    t.match(parsed(answer), { ...whole, pieces: answer.length }, 'byte by byte');
    for (let at = 1; at < answer.length; at++)
      t.match(parsed([answer.slice(0, at), answer.slice(at)]), whole, `cut at ${at}`);
    const early = Array.from({ length: answer.length }, (_, to) =>
      parsed([answer.slice(0, to)], { ends: true }),
    );
    t.strictSame(
      early.filter((cut) => cut.whole || cut.error === undefined),
      [],
      'it is whole with its last byte, not before',
    );
  });
}

t.test('without a length the answer ends with its connection', async (t) => {
  const answer = `${HEAD}X-A: 1\r\n\r\nhello`;
  t.match(parsed([answer]), { whole: false, body: 'hello' });
  t.match(parsed([answer], { ends: true }), { whole: true, body: 'hello', reusable: false });
});

t.test('the answer to a HEAD has no body, whatever it says', async (t) => {
  for (const length of ['Content-Length: 5', 'Transfer-Encoding: chunked', 'X-A: 1'])
    t.match(parsed([`${HEAD}${length}\r\n\r\n`], { toHead: true }), { whole: true, body: '' });
});

t.test('what comes behind an answer is no part of it, and ends the connection', async (t) => {
  const answer = `${HEAD}Content-Length: 1\r\n\r\n!`;
  for (const pieces of [[`${answer}\r\n`], [answer, HEAD]])
    t.match(parsed(pieces), { whole: true, body: '!', reusable: false });
});

/** None of these may be taken for an answer. */
const REFUSED: Readonly<Record<string, string>> = {
  'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n',
  'a newer version': 'HTTP/2.0 200 OK\r\n\r\n',
  'an empty line first': `\r\n${HEAD}\r\n`,
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'a status below 100': 'HTTP/1.1 099 OK\r\n\r\n',
  'no blank before the status': 'HTTP/1.1200 OK\r\n\r\n',
  'a lone LF': 'HTTP/1.1 200 OK\nX-A: 1\r\n\r\n',
  'a lone CR': `${HEAD}X-A: 1\r2\r\n\r\n`,
  'a NUL': `${HEAD}X-A: 1\0\r\n\r\n`,
  'a folded field': `${HEAD}X-A: 1\r\n 2\r\n\r\n`,
  'a blank before the colon': `${HEAD}Content-Length : 1\r\n\r\n!`,
  'a field without a colon': `${HEAD}Content-Length\r\n\r\n`,
  'a field without a name': `${HEAD}: 1\r\n\r\n`,
  'two lengths': `${HEAD}Content-Length: 1\r\nContent-Length: 1\r\n\r\n!`,
  'a list of lengths': `${HEAD}Content-Length: 1, 1\r\n\r\n!`,
  'a signed length': `${HEAD}Content-Length: +1\r\n\r\n!`,
  'a length in hex': `${HEAD}Content-Length: 0x1\r\n\r\n!`,
  'no length at all': `${HEAD}Content-Length:\r\n\r\n!`,
  'a length beyond all numbers': `${HEAD}Content-Length: 9007199254740993\r\n\r\n!`,
  'a length and chunks': `${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n`,
  'an unknown coding': `${HEAD}Transfer-Encoding: gzip\r\n\r\n!`,
  'a coding within chunks': `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n`,
  'a coding that only looks like chunks': `${HEAD}Transfer-Encoding: \xa0chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n`,
  'chunks in chunks': `${HEAD}Transfer-Encoding: chunked, chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n`,
  'chunks of the old version': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'another protocol offered': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
  'a chunk without a size': `${HEAD}Transfer-Encoding: chunked\r\n\r\n\r\n!\r\n0\r\n\r\n`,
  'a chunk of a size in words': `${HEAD}Transfer-Encoding: chunked\r\n\r\n0x1\r\n!\r\n0\r\n\r\n`,
  'a chunk of a negative size': `${HEAD}Transfer-Encoding: chunked\r\n\r\n-1\r\n!\r\n0\r\n\r\n`,
  'a chunk beyond all numbers': `${HEAD}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n!`,
  'a chunk longer than it says': `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n!!\r\n0\r\n\r\n`,
  'a blank behind a size': `${HEAD}Transfer-Encoding: chunked\r\n\r\n1 \r\n!\r\n0\r\n\r\n`,
  'an endless extension': `${HEAD}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(10_000)}`,
  'trailers that are none': `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\nX-A\r\n\r\n`,
  'endless trailers': `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n${'X-A: 1\r\n'.repeat(10_000)}`,
  'a head beyond all bounds': `${HEAD}X-A: ${'x'.repeat(100_000)}`,
  'interim answers without end': 'HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n'.repeat(10_000),
};

for (const [what, answer] of Object.entries(REFUSED)) {
  t.test(`an answer with ${what} is refused`, async (t) => {
    for (const pieces of [[answer], answer]) {
      const refused = parsed(pieces);
      t.type(refused.error, 'string');
      t.match(refused, { whole: false, reusable: false });
    }
  });
}

t.test('a head up to its bound is read', async (t) => {
  const value = 'x'.repeat(64_000);
  const answer = `${HEAD}X-A: ${value}\r\nContent-Length: 1\r\n\r\n!`;
  for (const pieces of [[answer], answer])
    t.match(parsed(pieces), { whole: true, headers: ['X-A', value], body: '!' });
});
