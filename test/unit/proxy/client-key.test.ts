import t from 'tap';
import { checkClientKey, type Proofs } from '../../../src/proxy/client-key.ts';
import { findPlaceholder, Placeholders } from '../../../src/proxy/placeholder.ts';
import { Secret } from '../../../src/telemetry/secret.ts';

const KEY = 'the-client-key';
const APP_SECRET = 'f00dcafe0123456789abcdef01234567';
const APPID = 'wx0123456789abcdef';

const key = Secret.of(KEY);
const placeholders = new Placeholders(key);
const GENUINE = findPlaceholder(placeholders.for(APPID));
const OF_ANOTHER_KEY = findPlaceholder(new Placeholders(Secret.of('another')).for(APPID));
const OF_NO_KEY = findPlaceholder(new Placeholders(undefined).for(APPID));

const NONE: Proofs = { header: undefined, secret: undefined, placeholder: undefined };

t.test('who shows the key, or what was given against it, passes', (t) => {
  const rows: readonly (readonly [what: string, proofs: Partial<Proofs>])[] = [
    ['header', { header: KEY }],
    ['header, and all else wrong', { header: KEY, secret: 'x', placeholder: OF_ANOTHER_KEY }],
    ['secret', { secret: KEY }],
    ['secret, and a wrong placeholder', { secret: KEY, placeholder: OF_ANOTHER_KEY }],
    ['placeholder', { placeholder: GENUINE }],
    ['placeholder, and a made-up secret', { secret: 'unused', placeholder: GENUINE }],
    ['AppSecret where it counts', { secret: APP_SECRET, appSecret: Secret.of(APP_SECRET) }],
    ['the key where the AppSecret counts too', { secret: KEY, appSecret: Secret.of(APP_SECRET) }],
  ];
  for (const [what, proofs] of rows) {
    t.doesNotThrow(() => checkClientKey(key, { ...NONE, ...proofs }, placeholders), what);
  }
  t.end();
});

t.test('who does not is refused with 401', (t) => {
  const rows: readonly (readonly [what: string, proofs: Partial<Proofs>])[] = [
    ['nothing', {}],
    ['an empty header', { header: '' }],
    ['a wrong header', { header: 'x' }],
    ['a header that begins like the key', { header: KEY.slice(0, -1) }],
    ['a header that goes on', { header: `${KEY}x` }],
    ['the key twice', { header: `${KEY}, ${KEY}` }],
    ['another case', { header: KEY.toUpperCase() }],
    ['a wrong header beats a right placeholder', { header: 'x', placeholder: GENUINE }],
    ['a wrong header beats a right secret', { header: 'x', secret: KEY }],
    [
      'a wrong header beats the AppSecret',
      {
        header: 'x',
        secret: APP_SECRET,
        appSecret: Secret.of(APP_SECRET),
      },
    ],
    ['an empty secret', { secret: '' }],
    ['a wrong secret', { secret: 'x' }],
    ['the AppSecret where it does not count', { secret: APP_SECRET }],
    ['an AppSecret nobody showed', { appSecret: Secret.of(APP_SECRET) }],
    ['another AppSecret', { secret: APP_SECRET, appSecret: Secret.of('x') }],
    ['the AppSecret as header', { header: APP_SECRET, appSecret: Secret.of(APP_SECRET) }],
    ['a placeholder of another key', { placeholder: OF_ANOTHER_KEY }],
    ['a placeholder of no key', { placeholder: OF_NO_KEY }],
    ['a placeholder as secret', { secret: GENUINE?.value }],
    [
      'a placeholder for another account',
      {
        placeholder: { appid: 'wxffffffffffffffff', value: GENUINE?.value ?? '' },
      },
    ],
  ];
  for (const [what, proofs] of rows) {
    const check = (): void => checkClientKey(key, { ...NONE, ...proofs }, placeholders);
    t.throws(check, { code: 'ERR_CLIENT_KEY', status: 401 }, what);
  }
  t.end();
});

t.test('without a key nothing is asked for', (t) => {
  const open = new Placeholders(undefined);
  for (const proofs of [NONE, { ...NONE, header: 'x', secret: 'y', placeholder: OF_NO_KEY }]) {
    t.doesNotThrow(() => checkClientKey(undefined, proofs, open));
  }
  t.end();
});

t.test('keys are compared by Secret.equals, in constant time, and by nothing else', (t) => {
  const asked: string[] = [];
  const spy = {
    equals: (candidate: string) => void asked.push(candidate),
    reveal: () => t.fail('revealed'),
  } as unknown as Secret;
  for (const proofs of [{ header: 'h' }, { secret: 's', appSecret: spy }]) {
    t.throws(() => checkClientKey(spy, { ...NONE, ...proofs }, placeholders));
  }
  t.strictSame(asked, ['h', 's', 's']);
  t.end();
});

t.test('a refusal repeats neither the key nor what was shown', (t) => {
  for (const proofs of [{ header: 's3cret' }, { secret: 's3cret' }, { placeholder: OF_NO_KEY }]) {
    try {
      checkClientKey(key, { ...NONE, ...proofs }, placeholders);
      t.fail('let through');
    } catch (error) {
      t.notMatch((error as Error).message, new RegExp(`s3cret|${KEY}|wxp-`));
    }
  }
  t.end();
});
