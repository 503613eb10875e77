import t from 'tap';
import { ProxyError } from '../../../src/errors.ts';
import {
  describeError,
  queryKeys,
  redactFields,
  redactValue,
} from '../../../src/telemetry/redact.ts';
import { Secret } from '../../../src/telemetry/secret.ts';
import { APP_SECRET, ODD, PLACEHOLDER, SECRETS, TOKEN } from './made-up-secrets.ts';

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
