import t from 'tap';
import { answerHead, forwardedHeaders, onlyValue } from '../../../src/proxy/headers.ts';
import { incoming } from './incoming.ts';

const LATIN_1 = 'attachment; filename="caf\xe9 \xff.jpg"';
const HOP_BY_HOP = [
  'Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Authentication-Info',
  'Proxy-Connection',
  'TE',
  'Transfer-Encoding',
  'Upgrade',
];

/** `Name: value` lines as Node's raw list. */
function raw(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
}

t.test('order, casing, repetition and bytes of a request’s fields survive', (t) => {
  const lines = raw(
    'X-b: 1',
    'x-A: 2',
    'X-B: 3',
    'Content-Type: multipart/form-data; boundary="--a  b"',
    `Content-Disposition: ${LATIN_1}`,
    'X-Empty: ',
    'Cookie: a=1',
    'cookie: b=2',
    'Wechatmp-Signature: abc+/=',
    'Accept-Encoding: gzip, br',
    'User-Agent: x',
    'Authorization: Bearer y',
    'Via: 1.1 other',
    'Trailers: no trailer field',
    'Connections: no connection field',
  );
  t.strictSame(forwardedHeaders(lines), lines);
  t.end();
});

t.test('what ends at the proxy does so in every casing', (t) => {
  const own = [
    'Host',
    'Content-Length',
    'Expect',
    'HTTP2-Settings',
    'Trailer',
    'X-WeChat-Appid',
    'X-WxProxy-Key',
    'X-WxProxy-Rejected',
  ];
  for (const name of [...HOP_BY_HOP, ...own]) {
    for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) {
      const kept = forwardedHeaders(raw('A: 1', `${spelled}: x`, 'B: 2', `${spelled}: y`));
      t.strictSame(kept, raw('A: 1', 'B: 2'), spelled);
    }
  }
  t.end();
});

/** 32 characters longer than `x-longer`. */
const LONG = `x-longer${'-'.repeat(32)}`;
const NAMED: readonly (readonly [what: string, lines: string[], kept: string[]])[] = [
  ['one', ['Connection: x-a', 'X-A: 1', 'B: 2'], ['B: 2']],
  ['some', ['connection: x-a, X-B,x-c', 'X-A: 1', 'x-b: 2', 'X-c: 3', 'D: 4'], ['D: 4']],
  ['spread', ['Connection: x-a', 'X-B: 2', 'CONNECTION: x-b', 'X-A: 1', 'D: 4'], ['D: 4']],
  ['repeated', ['X-A: 1', 'Connection: x-a', 'x-a: 2', 'X-A: 3', 'D: 4'], ['D: 4']],
  ['with blanks', ['Connection: \t x-a ,, keep-alive , ', 'X-A: 1', 'D: 4'], ['D: 4']],
  ['keep-alive', ['Connection: keep-alive', 'D: 4'], ['D: 4']],
  ['close', ['Connection: close', 'D: 4'], ['D: 4']],
  ['none', ['Connection: ', 'D: 4'], ['D: 4']],
  ['what is not there', ['Connection: x-a', 'X-AB: 1', 'A: 2'], ['X-AB: 1', 'A: 2']],
  ['a long one', [`Connection: ${LONG}`, `${LONG}: 1`, 'X-Longer: 2'], ['X-Longer: 2']],
  ['as long but for 32', ['Connection: x-longer', `${LONG}: 1`], [`${LONG}: 1`]],
  ['cookies', ['Connection: cookie, set-cookie', 'Cookie: a', 'D: 4'], ['D: 4']],
];

t.test('fields that Connection names are dropped, both ways', (t) => {
  for (const [what, lines, kept] of NAMED) {
    t.strictSame(forwardedHeaders(raw(...lines)), raw(...kept), what);
    t.strictSame(answerHead(raw(...lines), '1.1 us').headers, raw(...kept, 'Via: 1.1 us'), what);
  }
  t.end();
});

t.test('order, casing, repetition and bytes of an answer’s fields survive', (t) => {
  const lines = raw(
    'Set-Cookie: a=1; Path=/',
    'set-cookie: b=2',
    'X-b: 1',
    'Content-Type: application/json; encoding=utf-8',
    `Content-disposition: ${LATIN_1}`,
    'X-B: 2',
    'Date: x',
    'Via: 1.1 other',
    'Trailer: x-sum',
    'Wechatmp-Signature: abc',
  );
  t.strictSame(answerHead(lines, '1.1 us').headers, [...lines, 'Via', '1.1 us']);
  t.end();
});

t.test('hop-by-hop fields of an answer are dropped in every casing', (t) => {
  for (const name of HOP_BY_HOP) {
    for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) {
      const { headers } = answerHead(raw('A: 1', `${spelled}: close`, 'B: 2'), '1.1 us');
      t.strictSame(headers, raw('A: 1', 'B: 2', 'Via: 1.1 us'), spelled);
    }
  }
  t.end();
});

t.test('what an answer says of its body is read', (t) => {
  const rows: readonly (readonly [lines: string[], length: number | undefined, coding: string])[] =
    [
      [[], undefined, 'identity'],
      [['Content-Length: 0'], 0, 'identity'],
      [['CONTENT-LENGTH: 12'], 12, 'identity'],
      [['Content-Encoding: gzip'], undefined, 'gzip'],
      [['content-encoding:  GZIP '], undefined, 'gzip'],
      [['Content-Encoding: '], undefined, 'identity'],
      [['Content-Encoding: identity', 'Content-Length: 5'], 5, 'identity'],
      [['Connection: content-length', 'Content-Length: 5'], 5, 'identity'],
    ];
  for (const [lines, contentLength, contentEncoding] of rows) {
    const head = answerHead(raw(...lines), '1.1 us');
    t.equal(head.contentLength, contentLength, lines.join());
    t.equal(head.contentEncoding, contentEncoding, lines.join());
  }
  const { headers } = answerHead(raw('Content-Length: 5', 'Content-Encoding: br'), '1.1 us');
  t.strictSame(headers, raw('Content-Length: 5', 'Content-Encoding: br', 'Via: 1.1 us'));
  t.end();
});

t.test('the last of a thousand fields is heeded like the first', (t) => {
  const lines = Array.from({ length: 1000 }, (_, i) => [`X-${i}`, 'v']).flat();
  const kept = forwardedHeaders([...lines, 'Connection', 'x-0, x-999']);
  t.strictSame(kept, lines.slice(2, -2));
  t.end();
});

t.test('a repeated field has no only value, also where Node shows one', (t) => {
  const { rawHeaders, headers } = incoming('GET', 'Host: a', 'hOST: b', 'Hosts: c', 'X: host');
  t.equal(onlyValue(rawHeaders, 'host'), undefined);
  t.equal(headers.host, 'a');
  t.equal(onlyValue(rawHeaders, 'x'), 'host');
  t.equal(onlyValue(rawHeaders, 'via'), undefined);
  t.end();
});
