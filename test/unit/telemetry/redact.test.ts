import t from 'tap';
import { ProxyError } from '../../../src/errors.ts';
import { Placeholders } from '../../../src/proxy/placeholder.ts';
import {
  describeError,
  queryKeys,
  redactFields,
  redactText,
  redactValue,
} from '../../../src/telemetry/redact.ts';
import { Secret } from '../../../src/telemetry/secret.ts';
import { Seeded } from '../wechat/seeded.ts';

/** Each of them must be gone. */
const TOKEN = `90_${'aB3-_x'.repeat(23)}`;
const APP_SECRET = 'f00dcafe0123456789abcdef01234567';
const PLACEHOLDER = new Placeholders(Secret.of('k')).for('wx0123456789abcdef');
const ODD = 'k3y-of-19-chars,x;y';
const SECRETS = new RegExp(`${TOKEN.slice(0, 40)}|${APP_SECRET}|${PLACEHOLDER.slice(-20)}|k3y-of`);

t.test('a token, an AppSecret or a placeholder does not survive in any surroundings', (t) => {
  for (const secret of [TOKEN, APP_SECRET, PLACEHOLDER]) {
    const texts = [
      secret,
      `a ${secret} b`,
      `"${secret}"`,
      `(${secret})`,
      `x=${secret}&y=1`,
      `x%3D${secret}%26y%3D1`,
      `%22${secret}%22`,
      `/path/${secret}/x`,
      `/path/${secret}?x`,
      `{\\"v\\":\\"${secret}\\"}`,
      `line\n${secret}\nline`,
      `${secret},${secret}`,
      `错误${secret}。`,
    ];
    for (const text of texts) t.notMatch(redactText(text), SECRETS, text);
  }
  t.end();
});

t.test('what is named like a credential goes, however odd it looks', (t) => {
  const names = [
    'access_token',
    'component_access_token',
    'authorizer_refresh_token',
    'refresh_token',
    'accessToken',
    'secret',
    'appsecret',
    'app_secret',
    'AppSecret',
    'WECHAT_APPSECRET',
    'js_code',
    'session_key',
    'ticket',
    'jsapi_ticket',
    'x-wxproxy-key',
    'WXPROXY_CLIENT_KEY',
    'client-key',
    'password',
  ];
  const ways: readonly ((name: string) => string)[] = [
    (name) => `${name}=${ODD}`,
    (name) => `https://api.weixin.qq.com/x?a=1&${name}=${ODD}&b=2`,
    (name) => `${name}: ${ODD}`,
    (name) => `${name} : ${ODD}`,
    (name) => `"${name}":"${ODD}"`,
    (name) => `"${name}" : "${ODD} & more"`,
    (name) => `{"${name}":"${ODD}","b":1}`,
    (name) => `{ ${name}: '${ODD}' }`,
    (name) => `{\\"${name}\\":\\"${ODD}\\"}`,
    (name) => `{\\\\\\"${name}\\\\\\":\\\\\\"${ODD}\\\\\\"}`,
    (name) => `a%26${name}%3D${ODD}%26b`,
    (name) => `%7B%22${name}%22%3A%22${ODD}%22%7D`,
    (name) => `${name}="a \\" b ${ODD}"`,
    (name) => `${name.toUpperCase()}=${ODD}`,
  ];
  for (const name of names) {
    for (const way of ways) t.notMatch(redactText(way(name)), SECRETS, way(name));
  }
  t.end();
});

t.test('a code is a credential in a query or an object, and a number elsewhere', (t) => {
  for (const text of [
    `/sns/x?code=${ODD}`,
    `a=1&code=${ODD}`,
    `{"code":"${ODD}"}`,
    `{code:'${ODD}'}`,
  ]) {
    t.notMatch(redactText(text), SECRETS, text);
  }
  for (const text of [
    'errcode: 40001',
    '{"errcode":40001,"errmsg":"invalid credential, access_token is invalid or not latest"}',
    'exit code: 2',
    'code: ECONNREFUSED',
  ]) {
    t.equal(redactText(text), text);
  }
  t.end();
});

t.test('header fields and URLs with credentials are blanked to their end', (t) => {
  const rows: readonly (readonly [text: string, redacted: string])[] = [
    [`Authorization: Bearer ${ODD}`, 'Authorization: [redacted]'],
    [`proxy-authorization: Basic ${ODD} x\nnext: 1`, 'proxy-authorization: [redacted]\nnext: 1'],
    [`Cookie: a=1; b=${ODD}`, 'Cookie: [redacted]'],
    [`set-cookie: a=${ODD}`, 'set-cookie: [redacted]'],
    ['redis://user:k3y-of-19@host:6379/0', 'redis://[redacted]@host:6379/0'],
    ['rediss://:k3y-of-@19@host', 'rediss://[redacted]@host'],
    ['http://k3y-of-19@host/x?y', 'http://[redacted]@host/x?y'],
  ];
  for (const [text, redacted] of rows) t.equal(redactText(text), redacted);
  t.end();
});

t.test('what only names or describes stays readable', (t) => {
  const texts = [
    'connect ECONNREFUSED 127.0.0.1:443',
    'invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 6543abcd-12345678-0abcdef0',
    'access_token expired hint: [abc123] rid: 1-2-3',
    'WECHAT_APPSECRET is missing: set it',
    'the secret file /run/secrets/appsecret cannot be used: it is empty',
    '/wxa/business/getuserphonenumber',
    'https://api.weixin.qq.com/cgi-bin/token',
    'wx0123456789abcdef',
    '5f0c2b7e-1234-5678-9abc-def012345678',
    'see https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html',
    'user@example.com',
  ];
  for (const text of texts) t.equal(redactText(text), text);
  t.end();
});

t.test('whatever stands around them, no token and no named secret survives', (t) => {
  const joins = [
    '',
    ' ',
    '&',
    '=',
    ':',
    '"',
    "'",
    '\\',
    '\n',
    '%3D',
    '%22',
    '{',
    '}',
    ',',
    '(',
    '你',
    '\0',
  ];
  const others = ['a', 'errcode', '40001', 'http://x', 'access_token', 'secret', '@', 'code', '--'];
  for (let seed = 1; seed <= 3000; seed++) {
    const random = new Seeded(seed);
    const noise = (): string =>
      random.list(5, () => random.of(joins) + random.of(others) + random.of(joins)).join('');
    const named = `${random.of(['access_token', 'secret', 'session_key'])}${random.of(['=', '":"', ': '])}k3y-of-19`;
    const secret = random.of([TOKEN, named, PLACEHOLDER]);
    // An AppSecret has no shape of its own in the middle of a word.
    const text = `${noise()}${random.of(joins)}${secret}${random.of(joins)}${noise()}`;
    if (!SECRETS.test(redactText(text))) continue;
    t.fail(`seed ${seed}`, { text, redacted: redactText(text) });
  }
  t.pass('3000 texts');
  t.end();
});

t.test('64 KiB of anything are read in no time', (t) => {
  const fillers = [
    'a',
    '"',
    '\\',
    'secret',
    'secret=',
    'secret ',
    '://',
    '@',
    '90_',
    'f00d',
    'code,',
    '%3D',
  ];
  for (const filler of fillers) {
    const text = filler.repeat(Math.ceil(65_536 / filler.length));
    const startedMs = threadMs();
    redactText(text);
    t.ok(threadMs() - startedMs < 1000, filler);
  }
  t.end();
});

t.test('of a query only plain names are shown', (t) => {
  const rows: readonly (readonly [query: string, keys: string[]])[] = [
    ['', []],
    ['a=1&b=2', ['a', 'b']],
    [`access_token=${TOKEN}&type=image`, ['access_token', 'type']],
    ['a&b', ['a', 'b']],
    ['&&a=1&', ['a']],
    ['=1', []],
    ['a=1&a=2', ['a', 'a']],
    [TOKEN, ['[other]']],
    [`a=1&${APP_SECRET}`, ['a', '[redacted]']],
    [`${PLACEHOLDER}=1`, ['[other]']],
    [`${'x'.repeat(25)}${TOKEN}`, ['[other]']],
    [`access_token%3D${ODD}`, ['[other]']],
    ['你=1', ['[other]']],
    [`${'n'.repeat(64)}=1`, ['[redacted]']],
    [`${'n'.repeat(59)}=1`, ['n'.repeat(59)]],
  ];
  for (const [query, keys] of rows) t.strictSame(queryKeys(query), keys, query);
  t.equal(queryKeys('a&'.repeat(5000)).length, 32, 'and no more than a line holds');
  t.end();
});

t.test('an error is its class, its message, its code and its causes', (t) => {
  const root = Object.assign(new TypeError(`secret=${ODD}`), { code: 'ECONNRESET' });
  const error = new ProxyError('ERR_UPSTREAM_RESET', `GET /x?access_token=${TOKEN}`, {
    cause: root,
  });
  Object.assign(error, { config: { url: TOKEN }, headers: { authorization: ODD } });
  const described = describeError(error);
  t.strictSame(described, {
    type: 'ProxyError',
    message: 'GET /x?access_token=[redacted]',
    code: 'ERR_UPSTREAM_RESET',
    cause: { type: 'TypeError', message: 'secret=[redacted]', code: 'ECONNRESET' },
  });
  t.end();
});

t.test('causes without end, and things that are no errors, are described too', (t) => {
  const circular = new Error('round');
  circular.cause = circular;
  t.notMatch(JSON.stringify(describeError(circular)), /(?:round.*){6}/);
  t.strictSame(describeError(`access_token=${ODD}`), {
    type: 'string',
    message: 'access_token=[redacted]',
  });
  for (const thrown of [undefined, null, 7, Symbol('x'), { secret: ODD }, Object.create(null)]) {
    t.notMatch(JSON.stringify(describeError(thrown)), SECRETS);
  }
  t.end();
});

t.test('values are redacted at every depth, in whatever they are', (t) => {
  const value = {
    text: `a=1&access_token=${TOKEN}`,
    list: [`secret=${ODD}`, { deep: [TOKEN] }],
    error: new Error(TOKEN),
    url: new URL(`https://x/y?access_token=${TOKEN}`),
    bytes: Buffer.from(TOKEN),
    view: new Uint8Array(Buffer.from(ODD)),
    secret: Secret.of(ODD),
    holder: new (class {
      value = TOKEN;
    })(),
    access_token: ODD,
    clientKey: ODD,
    headers: { Authorization: ODD, cookie: [ODD], 'x-wxproxy-key': ODD },
    count: 1,
    ok: true,
    none: null,
    missing: undefined,
    at: new Date(0),
  };
  const redacted = redactValue(value) as Record<string, unknown>;
  t.notMatch(JSON.stringify(redacted), SECRETS);
  t.match(redacted, { count: 1, ok: true, none: null, at: '1970-01-01T00:00:00.000Z' });
  t.match(redacted, { bytes: `[${TOKEN.length} bytes]`, error: { message: '[redacted]' } });
  t.end();
});

t.test('a structure without end has one', (t) => {
  const circular: Record<string, unknown> = { a: 1 };
  circular['self'] = circular;
  circular['list'] = [circular];
  t.doesNotThrow(() => JSON.stringify(redactFields(circular)));
  t.equal((redactFields({ a: { b: 1 } })['a'] as { b: number }).b, 1);
  t.end();
});

/** The thread's own time: what others do on this machine is not counted. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
