import t from 'tap';
import { head, hostileStage, SMUGGLED } from './hostile-stage.ts';

const stage = await hostileStage(t);
const PREFIX = `GET /${SMUGGLED} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
/** As a chunked body it ends at once; by its length it holds a second request. */
const CL_TE = `0\r\n\r\n${PREFIX}`;
const TE = 'Transfer-Encoding: chunked';

const framings: readonly (readonly [what: string, fields: readonly string[], body: string])[] = [
  ['CL.TE', [`Content-Length: ${CL_TE.length}`, TE], CL_TE],
  ['TE.CL', [TE, 'Content-Length: 4'], `${PREFIX.length.toString(16)}\r\n${PREFIX}\r\n0\r\n\r\n`],
  ['CL.TE with length 0', ['Content-Length: 0', TE], CL_TE],
  [
    'a Content-Length among chunks, hidden behind 40 fields',
    [TE, ...filler(40), 'Content-Length: 4'],
    CL_TE,
  ],
  ['two equal lengths', ['Content-Length: 5', 'Content-Length: 5'], `abcde${PREFIX}`],
  ['two different lengths', ['Content-Length: 0', `Content-Length: ${PREFIX.length}`], PREFIX],
  [
    'two different lengths, the other way',
    [`Content-Length: ${PREFIX.length}`, 'Content-Length: 0'],
    PREFIX,
  ],
  [
    'two lengths in other casings',
    ['Content-Length: 0', `content-length: ${PREFIX.length}`],
    PREFIX,
  ],
  ['a list of lengths', ['Content-Length: 5, 5'], `abcde${PREFIX}`],
  ['a list of different lengths', [`Content-Length: 0, ${PREFIX.length}`], PREFIX],
  ['a negative length', ['Content-Length: -1'], PREFIX],
  ['a length with a plus', ['Content-Length: +5'], `abcde${PREFIX}`],
  ['a length in hex', ['Content-Length: 0x5'], `abcde${PREFIX}`],
  ['a length with a fraction', ['Content-Length: 5.0'], `abcde${PREFIX}`],
  ['a length with an exponent', ['Content-Length: 5e0'], `abcde${PREFIX}`],
  ['a length with an underscore', ['Content-Length: 1_0'], `abcde${PREFIX}`],
  ['a length of two numbers', ['Content-Length: 5 0'], `abcde${PREFIX}`],
  ['an empty length', ['Content-Length:'], PREFIX],
  ['a quoted length', ['Content-Length: "5"'], `abcde${PREFIX}`],
  ['a length beyond 64 bits', ['Content-Length: 18446744073709551621'], `abcde${PREFIX}`],
  ['a length behind a vertical tab', ['Content-Length: \x0b5'], `abcde${PREFIX}`],
  ['a length behind a no-break space', ['Content-Length: \xa05'], `abcde${PREFIX}`],
  ['a space before the colon of the length', ['Content-Length : 5'], `abcde${PREFIX}`],
  ['a folded length', ['Content-Length:\r\n 5'], `abcde${PREFIX}`],
  ['an unknown coding', ['Transfer-Encoding: xchunked'], CL_TE],
  ['an unknown coding with a length', ['Transfer-Encoding: xchunked', 'Content-Length: 5'], CL_TE],
  ['identity', ['Transfer-Encoding: identity'], CL_TE],
  ['identity with a length', ['Transfer-Encoding: identity', 'Content-Length: 5'], CL_TE],
  ['identity, then chunked', ['Transfer-Encoding: identity, chunked'], CL_TE],
  ['chunked, then identity', ['Transfer-Encoding: chunked, identity'], CL_TE],
  ['gzip, then chunked', ['Transfer-Encoding: gzip, chunked'], CL_TE],
  ['chunked twice', [TE, TE], CL_TE],
  ['chunked twice in a list', ['Transfer-Encoding: chunked, chunked'], CL_TE],
  ['chunked, then identity in a field of its own', [TE, 'Transfer-Encoding: identity'], CL_TE],
  ['a parameter', ['Transfer-Encoding: chunked;q=1'], CL_TE],
  ['a quoted coding', ['Transfer-Encoding: "chunked"'], CL_TE],
  ['a comma behind', ['Transfer-Encoding: chunked,'], CL_TE],
  ['a comma before', ['Transfer-Encoding: ,chunked'], CL_TE],
  ['a tab behind', ['Transfer-Encoding: chunked\t'], CL_TE],
  ['a vertical tab before', ['Transfer-Encoding: \x0bchunked'], CL_TE],
  ['a no-break space before', ['Transfer-Encoding: \xa0chunked'], CL_TE],
  ['a NUL behind', ['Transfer-Encoding: chunked\0'], CL_TE],
  ['an empty coding', ['Transfer-Encoding:'], CL_TE],
  ['an empty coding with a length', ['Transfer-Encoding:', 'Content-Length: 5'], CL_TE],
  ['a space before the colon', ['Transfer-Encoding : chunked'], CL_TE],
  ['a tab before the colon', ['Transfer-Encoding\t: chunked'], CL_TE],
  ['a fold', ['Transfer-Encoding:\r\n chunked'], CL_TE],
  ['a fold in the value', ['Transfer-Encoding: chu\r\n nked'], CL_TE],
  ['a field before it that a bare LF ends', [`X-A: b\nTransfer-Encoding: chunked`], CL_TE],
  ['a field before it that a bare CR ends', [`X-A: b\rTransfer-Encoding: chunked`], CL_TE],
];

for (const [what, fields, body] of framings) {
  t.test(
    `framing that can be read in two ways is refused, and nothing after it is: ${what}`,
    async (t) => {
      for (const path of [`/cgi-bin/${SMUGGLED}`, `/sns/${SMUGGLED}`]) {
        const bytes = head(`POST ${path}`, ...fields) + body;
        const answer = await stage.refuses(t, bytes, { status: 400, code: 'REQUEST_REFUSED' });
        t.strictSame(answer.values('connection'), ['close']);
        const client = await stage.connect(t);
        client.send(bytes);
        await client.answer();
        t.equal(await client.ended(), 'closed');
        t.equal(client.unread.length, 0, 'there is one answer');
      }
    },
  );
}

t.test('HTTP/1.0 has no transfer codings', async (t) => {
  const bytes = head(`POST /${SMUGGLED} HTTP/1.0`, 'Connection: keep-alive', TE) + CL_TE;
  const answer = await stage.refuses(t, bytes, { status: 400, code: 'REQUEST_REFUSED' });
  t.strictSame(answer.values('connection'), ['close']);
});

t.test('a length that would be another one as a number is refused', async (t) => {
  for (const length of ['9007199254740993', '18446744073709551615']) {
    for (const path of [`/cgi-bin/${SMUGGLED}`, `/sns/${SMUGGLED}`]) {
      const bytes = head(`POST ${path}`, `Content-Length: ${length}`) + PREFIX;
      await stage.refuses(t, bytes, { status: 413, code: 'REQUEST_REFUSED' });
    }
  }
});

t.test('a request without a body is not chunked, whatever its method', async (t) => {
  const client = await stage.connect(t);
  for (const path of ['/cgi-bin/none', '/sns/none']) {
    for (const method of ['PROPFIND', 'PURGE', 'LINK', 'SEARCH', 'M-SEARCH', 'SOURCE', 'DELETE']) {
      for (const fields of [[], ['Content-Length: 0']]) {
        t.equal((await client.request(`${method} ${path}`, fields).answer()).status, 200);
        const request = stage.upstream.requests.at(-1);
        t.equal(request?.method, method);
        t.strictSame(request?.values('transfer-encoding'), [], `${method} ${path}`);
      }
    }
  }
});

t.test('a body that looks like a request stays a body', async (t) => {
  const client = await stage.connect(t);
  for (const path of ['/cgi-bin/body', '/sns/body']) {
    for (const method of ['POST', 'GET', 'DELETE', 'OPTIONS', 'PUT']) {
      client.request(`${method} ${path}`, [`Content-Length: ${CL_TE.length}`], CL_TE);
      t.equal((await client.answer()).status, 200);
      const request = stage.upstream.requests.at(-1);
      t.equal(request?.method, method);
      t.equal((await request?.whole)?.toString(), CL_TE, `${method} ${path} with all of its body`);
      t.strictSame(request?.values('content-length'), [String(CL_TE.length)]);
    }
  }
  const smuggled = stage.upstream.requests.filter(({ line }) => line.includes(SMUGGLED));
  t.strictSame(
    smuggled.map(({ bytes }) => bytes.toString('latin1')),
    [],
    'no request line came out of a body',
  );
});

t.test(
  'after all of them both lanes serve, and one request came for each one served',
  async (t) => {
    const { upstream, proxy } = stage;
    const before = upstream.requests.length;
    const client = await stage.connect(t);
    t.equal((await client.request('GET /cgi-bin/last').answer()).status, 200);
    t.equal((await client.request('GET /sns/last').answer()).status, 200);
    t.equal(upstream.requests.length, before + 2);
    t.equal(upstream.tokenCalls, 1);
    t.equal(await proxy.metric('requests_in_flight'), 0);
  },
);

function filler(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `X-${n}: x`);
}
