import t from 'tap';
import { redactText } from '../../../src/telemetry/redact.ts';
import { threadMs } from '../../helpers/thread-time.ts';
import { Seeded } from '../wechat/seeded.ts';
import { APP_SECRET, ODD, PLACEHOLDER, SECRETS, TOKEN } from './made-up-secrets.ts';

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
