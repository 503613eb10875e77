import t from 'tap';
import type { Account } from '../../../src/account/account.ts';
import { injectCredentials } from '../../../src/proxy/code-exchange.ts';
import { statedCredentials } from '../../../src/proxy/stated-credentials.ts';
import { Secret } from '../../../src/telemetry/secret.ts';

const ACCOUNT = { appid: 'wx1', secret: Secret.of('s3cret') } as Account;
const LOGIN = '/sns/jscode2session';
const OAUTH = '/sns/oauth2/access_token';
const CLEAR = '/cgi-bin/clear_quota/v2';

type Row = readonly [
  what: string,
  path: string,
  query: string | undefined,
  body: string | undefined,
  sent: readonly [query: string, body: string | undefined],
];

const ROWS: readonly Row[] = [
  // The query.
  [
    'all of the app’s',
    LOGIN,
    'appid=x&secret=y&js_code=c&grant_type=authorization_code',
    undefined,
    ['js_code=c&grant_type=authorization_code&appid=wx1&secret=s3cret', undefined],
  ],
  [
    'nothing of the app’s',
    LOGIN,
    'js_code=c',
    undefined,
    ['js_code=c&appid=wx1&secret=s3cret', undefined],
  ],
  ['no query at all', LOGIN, undefined, undefined, ['appid=wx1&secret=s3cret', undefined]],
  [
    'OAuth',
    OAUTH,
    'appid=x&secret=y&code=c&grant_type=authorization_code',
    undefined,
    ['code=c&grant_type=authorization_code&appid=wx1&secret=s3cret', undefined],
  ],
  [
    'a stray access_token',
    LOGIN,
    'access_token=p&js_code=c',
    undefined,
    ['js_code=c&appid=wx1&secret=s3cret', undefined],
  ],
  [
    'repeated and in disguise',
    LOGIN,
    'app%69d=x&secret=y&secret=z&js_code=c%2B&%73ecret=q',
    undefined,
    ['js_code=c%2B&appid=wx1&secret=s3cret', undefined],
  ],
  [
    'a secret under the other name',
    LOGIN,
    'appsecret=KEY&js_code=c',
    undefined,
    ['js_code=c&appid=wx1&secret=s3cret', undefined],
  ],
  // clear_quota/v2.
  ['cleared by query', CLEAR, 'appid=x&appsecret=y', '', ['appid=wx1&appsecret=s3cret', '']],
  [
    'cleared by query, secret under the other name',
    CLEAR,
    'appid=x&secret=KEY',
    undefined,
    ['appid=wx1&appsecret=s3cret', undefined],
  ],
  [
    'cleared, nothing stated',
    CLEAR,
    undefined,
    undefined,
    ['appid=wx1&appsecret=s3cret', undefined],
  ],
  ['cleared, an empty object', CLEAR, '', '{}', ['appid=wx1&appsecret=s3cret', '{}']],
  [
    'cleared by body',
    CLEAR,
    undefined,
    '{"appid":"x","appsecret":"y"}',
    ['', '{"appid":"wx1","appsecret":"s3cret"}'],
  ],
  [
    'cleared by body, other members',
    CLEAR,
    'a=1',
    '{"appsecret":"y","b":[2]}',
    ['a=1', '{"b":[2],"appid":"wx1","appsecret":"s3cret"}'],
  ],
  [
    'cleared by body, secret under the other name',
    CLEAR,
    undefined,
    '{"appid":"x","secret":"KEY"}',
    ['', '{"appid":"wx1","appsecret":"s3cret"}'],
  ],
  [
    'cleared by body, under both names',
    CLEAR,
    undefined,
    '{"secret":"KEY","appsecret":"KEY"}',
    ['', '{"appid":"wx1","appsecret":"s3cret"}'],
  ],
  [
    'cleared, in both places',
    CLEAR,
    'appid=x&appsecret=KEY&a=1',
    '{"appid":"x","appsecret":"KEY"}',
    ['a=1', '{"appid":"wx1","appsecret":"s3cret"}'],
  ],
  [
    'cleared, appid in the query and secret in the body',
    CLEAR,
    'appid=x',
    '{"appsecret":"y"}',
    ['', '{"appid":"wx1","appsecret":"s3cret"}'],
  ],
  [
    'cleared, another appid in the body and no secret',
    CLEAR,
    undefined,
    '{"appid":"x"}',
    ['appid=wx1&appsecret=s3cret', '{"appid":"wx1"}'],
  ],
  [
    'cleared, our appid in the body and no secret',
    CLEAR,
    undefined,
    '{ "appid":"wx1" }',
    ['appid=wx1&appsecret=s3cret', '{ "appid":"wx1" }'],
  ],
  [
    'cleared by form',
    CLEAR,
    'appsecret=y',
    'appid=x&a=%41&appsecret=KEY&secret=KEY',
    ['appid=wx1&appsecret=s3cret', 'a=%41'],
  ],
];

t.test('our appid and secret take the place of the app’s, and nothing else changes', (t) => {
  for (const [what, path, query, body, [sentQuery, sentBody]] of ROWS) {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const stated = statedCredentials(query, bytes);
    const sent = injectCredentials(path, query, bytes, ACCOUNT, stated);
    t.equal(sent.query, sentQuery, what);
    t.equal(sent.body?.toString(), sentBody, what);
    t.notMatch(
      `${sent.query} ${sent.body?.toString()}`,
      /KEY/,
      `${what}: the client key stays here`,
    );
  }
  t.end();
});

t.test('a secret is encoded where the query needs it', (t) => {
  const account = { appid: 'wx1', secret: Secret.of('a&b=c d+%') } as Account;
  const { query } = injectCredentials(
    LOGIN,
    'js_code=c',
    undefined,
    account,
    statedCredentials('', undefined),
  );
  t.equal(new URLSearchParams(query).get('secret'), 'a&b=c d+%');
  t.end();
});

t.test('without an AppSecret here the call fails closed', (t) => {
  const account = { appid: 'wx1', secret: undefined } as Account;
  const stated = statedCredentials('secret=y', undefined);
  t.throws(() => injectCredentials(LOGIN, 'secret=y', undefined, account, stated), {
    code: 'ERR_TOKEN_UNAVAILABLE',
    status: 503,
    message: /no AppSecret for wx1/,
  });
  t.end();
});
