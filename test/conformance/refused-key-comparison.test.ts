import crypto, { hash } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import t from 'tap';

const KEY = 'the-client-key';

// Every comparison in this process is seen: modules import the function after this.
const compared: string[][] = [];
const { timingSafeEqual } = crypto;
crypto.timingSafeEqual = (a, b) => {
  compared.push([a, b].map((bytes) => Buffer.from(bytes as Uint8Array).toString('hex')));
  return timingSafeEqual(a, b);
};
syncBuiltinESMExports();
const { checkClientKey } = await import('../../src/proxy/client-key.ts');
const { Placeholders } = await import('../../src/proxy/placeholder.ts');
const { Secret } = await import('../../src/telemetry/secret.ts');

const key = Secret.of(KEY);
const placeholders = new Placeholders(key);
const NOTHING = { header: undefined, secret: undefined, placeholder: undefined };
const digest = (text: string): string => hash('sha256', text, 'hex');

for (const candidate of [KEY, '', 'x', 'the-client-kez', `${KEY}x`, 'x'.repeat(1000)]) {
  t.test(
    `a key is compared by its digest, in constant time: ${candidate.length} characters`,
    (t) => {
      for (const proofs of [
        { ...NOTHING, header: candidate },
        { ...NOTHING, secret: candidate },
      ]) {
        compared.length = 0;
        const check = (): void => checkClientKey(key, proofs, placeholders);
        if (candidate === KEY) t.doesNotThrow(check);
        else t.throws(check, { code: 'ERR_CLIENT_KEY' });
        t.strictSame(compared, [[digest(KEY), digest(candidate)]], 'both digests, whole');
      }
      t.end();
    },
  );
}

t.test('an AppSecret shown as proof is compared in the same way', (t) => {
  compared.length = 0;
  const appSecret = Secret.of('app-secret');
  checkClientKey(key, { ...NOTHING, secret: 'app-secret', appSecret }, placeholders);
  t.strictSame(compared, [
    [digest(KEY), digest('app-secret')],
    [digest('app-secret'), digest('app-secret')],
  ]);
  t.end();
});

t.test('a placeholder is compared in constant time', (t) => {
  const appid = 'wx0123456789abcdef';
  const genuine = placeholders.for(appid);
  compared.length = 0;
  checkClientKey(key, { ...NOTHING, placeholder: { appid, value: genuine } }, placeholders);
  t.equal(compared.length, 1);
  const forged = `${genuine.slice(0, -1)}${genuine.endsWith('A') ? 'B' : 'A'}`;
  const placeholder = { appid, value: forged };
  t.throws(() => checkClientKey(key, { ...NOTHING, placeholder }, placeholders), {
    code: 'ERR_CLIENT_KEY',
  });
  t.equal(compared.length, 2);
  t.end();
});
