import type { Test } from 'tap';
import type { TokenStore } from '../../src/token/stores/store.ts';
import type { Token } from '../../src/token/token.ts';

const NOW = Date.parse('2026-05-01T04:00:00Z');
const APPID = 'wxcontract00000001';
const OTHER = 'wxcontract00000002';

function token(generation: number, value = `90_value-${generation}`, expiresAt = NOW + 7e6): Token {
  return { value, expiresAt, generation };
}

/**
 * What every store promises.
 * @param makeStore an empty store; it is closed when the test is over
 */
export function storeContract(
  t: Test,
  name: string,
  makeStore: (t: Test) => TokenStore | Promise<TokenStore>,
): void {
  const empty = async (t: Test): Promise<TokenStore> => {
    const store = await makeStore(t);
    t.teardown(() => store.close());
    return store;
  };

  t.test(`${name}: knows nothing of an account it never heard of`, async (t) => {
    t.strictSame(await (await empty(t)).load(APPID), { token: undefined, cooldown: undefined });
  });

  t.test(`${name}: gives back what was saved, to the character and millisecond`, async (t) => {
    const store = await empty(t);
    const saved = token(1, `90_${'aB3-_~!#$'.repeat(220)}`, NOW + 7_199_999);
    t.same(await store.save(APPID, saved), saved);
    t.same((await store.load(APPID)).token, saved);
  });

  t.test(`${name}: an older generation cannot overwrite a newer one`, async (t) => {
    const store = await empty(t);
    await store.save(APPID, token(7));
    t.same(await store.save(APPID, token(6)), token(7), 'and says what it holds');
    t.same((await store.load(APPID)).token, token(7));
    t.same(await store.save(APPID, token(10)), token(10), 'by number, not by text');
    t.same(await store.save(APPID, token(9)), token(10));
  });

  t.test(`${name}: another value of the same generation comes too late`, async (t) => {
    const store = await empty(t);
    await store.save(APPID, token(3, 'first'));
    t.equal((await store.save(APPID, token(3, 'second'))).value, 'first');
    t.equal((await store.load(APPID)).token?.value, 'first');
  });

  t.test(`${name}: the same value may get another life`, async (t) => {
    const store = await empty(t);
    await store.save(APPID, token(3, 'same', NOW + 1000));
    await store.save(APPID, token(3, 'same', NOW + 5000));
    t.equal((await store.load(APPID)).token?.expiresAt, NOW + 5000);
  });

  t.test(`${name}: of a thousand saves at once the newest is left`, async (t) => {
    const store = await empty(t);
    const generations = Array.from({ length: 1000 }, (_, i) => ((i * 37) % 1000) + 1);
    await Promise.all(generations.map((generation) => store.save(APPID, token(generation))));
    t.same((await store.load(APPID)).token, token(1000));
  });

  t.test(`${name}: accounts do not touch each other`, async (t) => {
    const store = await empty(t);
    await store.save(APPID, token(5));
    await store.saveCooldown(APPID, { generation: 5, until: NOW, lengthMs: 30_000 });
    for (let i = 0; i < 18; i++) await store.takeForce(APPID, NOW + i * 30_000);
    t.strictSame(await store.load(OTHER), { token: undefined, cooldown: undefined });
    t.equal(await store.takeForce(OTHER, NOW + 18 * 30_000), true);
    await store.save(OTHER, token(1));
    t.same((await store.load(APPID)).token, token(5));
    const unlock = await store.lock(APPID);
    await (
      await store.lock(OTHER)
    )?.();
    await unlock?.();
  });

  t.test(`${name}: a cool-down is kept until it is ended`, async (t) => {
    const store = await empty(t);
    const cooldown = { generation: 2, until: NOW + 60_000, lengthMs: 60_000 };
    await store.saveCooldown(APPID, cooldown);
    t.same((await store.load(APPID)).cooldown, cooldown);
    await store.save(APPID, token(3));
    t.same((await store.load(APPID)).cooldown, cooldown, 'a new token does not end it');
    await store.saveCooldown(APPID, undefined);
    t.equal((await store.load(APPID)).cooldown, undefined);
    t.same((await store.load(APPID)).token, token(3));
  });

  t.test(`${name}: a cool-down cannot be shortened by who began one later`, async (t) => {
    const store = await empty(t);
    const cooldown = { generation: 10, until: NOW + 60_000, lengthMs: 60_000 };
    await store.saveCooldown(APPID, cooldown);
    await store.saveCooldown(APPID, { generation: 10, until: NOW + 30_000, lengthMs: 30_000 });
    t.same((await store.load(APPID)).cooldown, cooldown, 'of the same generation');
    await store.saveCooldown(APPID, { generation: 9, until: NOW + 90_000, lengthMs: 90_000 });
    t.same((await store.load(APPID)).cooldown, cooldown, 'or about an older one');
    const next = { generation: 11, until: NOW + 30_000, lengthMs: 30_000 };
    await store.saveCooldown(APPID, next);
    t.same((await store.load(APPID)).cooldown, next, 'a newer one counts anew');
  });

  t.test(`${name}: 18 forces a day, 30 s apart, however many ask`, async (t) => {
    const store = await empty(t);
    const asked = await Promise.all(Array.from({ length: 50 }, () => store.takeForce(APPID, NOW)));
    t.equal(asked.filter(Boolean).length, 1);
    t.equal(await store.takeForce(APPID, NOW + 29_999), false);
    let spent = 1;
    for (let i = 1; i < 100; i++) if (await store.takeForce(APPID, NOW + i * 30_000)) spent += 1;
    t.equal(spent, 18);
    const tomorrow = NOW + 24 * 3_600_000;
    t.equal(await store.takeForce(APPID, tomorrow - 1), false);
    t.equal(await store.takeForce(APPID, tomorrow), true);
  });

  t.test(`${name}: only one at a time holds the lock, and all get their turn`, async (t) => {
    const store = await empty(t);
    let holders = 0;
    let most = 0;
    const turn = async (): Promise<void> => {
      const unlock = await store.lock(APPID);
      holders += 1;
      most = Math.max(most, holders);
      await store.load(APPID);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      holders -= 1;
      await unlock?.();
    };
    await Promise.all(Array.from({ length: 5 }, turn));
    t.equal(most, 1);
    t.equal(holders, 0);
    await turn();
  });
}
