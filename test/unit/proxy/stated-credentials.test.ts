import t from 'tap';
import { jsonBody, statedCredentials } from '../../../src/proxy/stated-credentials.ts';

const NOTHING = { appid: undefined, secret: undefined, forceRefresh: false, inBody: false };

type Row = readonly [
  what: string,
  query: string | undefined,
  body: string | undefined,
  stated: Partial<ReturnType<typeof statedCredentials>>,
];

const ROWS: readonly Row[] = [
  ['nothing', undefined, undefined, {}],
  ['an empty query', '', undefined, {}],
  [
    'the query',
    'grant_type=client_credential&appid=a&secret=s',
    undefined,
    { appid: 'a', secret: 's' },
  ],
  ['an encoded query', 'appid=%61&s%65cret=s%2B+x', undefined, { appid: 'a', secret: 's+ x' }],
  ['the first of two', 'appid=a&appid=b', undefined, { appid: 'a' }],
  ['appsecret', 'appid=a&appsecret=s', undefined, { appid: 'a', secret: 's' }],
  ['secret before appsecret', 'appsecret=x&secret=s', undefined, { secret: 's' }],
  ['an empty secret', 'appid=&secret=', undefined, { appid: '', secret: '' }],
  [
    'a JSON body',
    undefined,
    '{"appid":"a","secret":"s"}',
    { appid: 'a', secret: 's', inBody: true },
  ],
  [
    'appsecret in a body',
    undefined,
    '{"appid":"a","appsecret":"s"}',
    {
      appid: 'a',
      secret: 's',
      inBody: true,
    },
  ],
  ['a body without secret', undefined, '{"appid":"a"}', { appid: 'a' }],
  [
    'a body before the query',
    'appid=q&secret=q',
    '{"appid":"b","secret":"b"}',
    {
      appid: 'b',
      secret: 'b',
      inBody: true,
    },
  ],
  ['one of each', 'appid=q', '{"secret":"b"}', { appid: 'q', secret: 'b', inBody: true }],
  ['the other way round', 'secret=q', '{"appid":"b"}', { appid: 'b', secret: 'q' }],
  ['force_refresh', undefined, '{"force_refresh":true}', { forceRefresh: true }],
  ['no force_refresh', undefined, '{"force_refresh":false}', {}],
  ['force_refresh as text', undefined, '{"force_refresh":"true"}', {}],
  ['force_refresh as number', undefined, '{"force_refresh":1}', {}],
  ['force_refresh in the query', 'force_refresh=true', undefined, {}],
  ['a secret that is a number', undefined, '{"secret":2}', {}],
  ['a form', 'appid=q', 'appid=b&secret=s', { appid: 'b', secret: 's' }],
  ['a form with encoded values', '', 'grant_type=x&appid=%62', { appid: 'b' }],
  ['force_refresh in a form', '', 'appid=b&force_refresh=true', { appid: 'b', forceRefresh: true }],
  ['a body behind a byte order mark', '', '\uFEFF{"appid":"b"}', { appid: 'b' }],
  ['an empty body', 'appid=q', '', { appid: 'q' }],
  ['a blank body', 'appid=q', '\r\n', { appid: 'q' }],
  ['nested', undefined, '{"x":{"appid":"b","secret":"s"}}', {}],
  ['inherited names', undefined, '{"__proto__":{"appid":"b"}}', {}],
];

t.test('credentials are read from the body, then the query', (t) => {
  for (const [what, query, body, stated] of ROWS) {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    t.strictSame(statedCredentials(query, bytes), { ...NOTHING, ...stated }, what);
  }
  t.end();
});

t.test('what cannot be read is refused: it may name another account', (t) => {
  const unreadable = ['null', '[{"appid":"b"}]', '"appid"', '{"appid":"b"', 'hello', '\x1f\x8b\b'];
  for (const body of [...unreadable, '{"appid":1}', '{"appid":null}', '{ "appid": ["b"] }']) {
    t.throws(() => statedCredentials('appid=q', Buffer.from(body, 'latin1')), {
      code: 'ERR_REQUEST_REFUSED',
      status: 400,
    });
  }
  t.end();
});

t.test('only an object is a JSON body', (t) => {
  t.strictSame(jsonBody(Buffer.from(' {"a":[1]}\n')), { a: [1] });
  for (const body of ['', '[]', 'null', '1', '"x"', '{', 'a=1', '{"a":1}x', '\0']) {
    t.equal(jsonBody(Buffer.from(body)), undefined, body);
  }
  t.equal(jsonBody(undefined), undefined);
  t.end();
});
