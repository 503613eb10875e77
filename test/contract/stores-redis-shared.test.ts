import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Patience } from '../../src/token/stores/patience.ts';
import { redisStore } from '../../src/token/stores/redis.ts';
import type { TokenStore } from '../../src/token/stores/store.ts';
import { Secret } from '../../src/telemetry/secret.ts';
import { until } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

const APPID = 'wxcontract00000001';
const NOW = Date.parse('2026-05-01T04:00:00Z');

function token(generation: number) {
  return { value: `90_value-${generation}`, expiresAt: NOW, generation };
}

/** Two replicas, and a client that looks at what they do. */
async function twoStores(t: Test, { timeoutMs = 2000, lockMs = 10_000 } = {}) {
  const redis = await startRedis(t);
  if (redis === undefined) return undefined;
  const open = (): TokenStore => {
    const url = Secret.of(redis.url);
    const store = redisStore({ url, timeoutMs, lockMs, onError: () => {} });
    t.teardown(() => store.close());
    return store;
  };
  return { redis, client: await redis.client(), one: open(), two: open() };
}

t.test('what one replica saves, another loads', async (t) => {
  const made = await twoStores(t);
  if (made === undefined) return;
  const { one, two, client } = made;
  const cooldown = { generation: 4, until: NOW + 30_000, lengthMs: 30_000 };
  await one.save(APPID, token(4));
  await one.saveCooldown(APPID, cooldown);
  t.same(await two.load(APPID), { token: token(4), cooldown });
  const ttl = await client.pTTL(`wxproxy:{${APPID}}:state`);
  t.ok(ttl > 6 * 86_400_000, 'and long after it has expired: generations go on counting');
  t.ok(ttl <= 7 * 86_400_000, 'but not for ever');
});

t.test(
  'an older generation of another replica is refused, and another value of the same',
  async (t) => {
    const made = await twoStores(t);
    if (made === undefined) return;
    const { one, two } = made;
    await one.save(APPID, token(10));
    t.same(await two.save(APPID, token(9)), token(10));
    t.same(await two.save(APPID, { ...token(10), value: '90_mine' }), token(10));
    t.same((await one.load(APPID)).token, token(10));
  },
);

t.test('one replica waits while the other holds the lock', async (t) => {
  const made = await twoStores(t);
  if (made === undefined) return;
  const { one, two } = made;
  const order: string[] = [];
  const unlock = await one.lock(APPID);
  const second = two.lock(APPID).then((unlockTwo) => {
    order.push('two has it');
    return unlockTwo;
  });
  await delay(200);
  order.push('one ends it');
  await unlock?.();
  await (
    await second
  )?.();
  t.strictSame(order, ['one ends it', 'two has it']);
});

t.test('who held the lock too long cannot end the next one’s', async (t) => {
  const made = await twoStores(t, { lockMs: 100 });
  if (made === undefined) return;
  const { one, two, client } = made;
  const unlockOne = await one.lock(APPID);
  const unlockTwo = await two.lock(APPID);
  await client.pExpire(`wxproxy:{${APPID}}:lock`, 60_000);
  await unlockOne?.();
  t.equal(await client.exists(`wxproxy:{${APPID}}:lock`), 1);
  await unlockTwo?.();
  t.equal(await client.exists(`wxproxy:{${APPID}}:lock`), 0);
});

t.test('who ends while it holds the lock gives it back', async (t) => {
  const made = await twoStores(t, { lockMs: 600_000 });
  if (made === undefined) return;
  const { redis, one, two, client } = made;
  await one.lock(APPID);
  await one.close();
  t.equal(await client.exists(`wxproxy:{${APPID}}:lock`), 0);
  await two.lock(APPID);
  redis.pause();
  const started = performance.now();
  await two.close();
  t.ok(performance.now() - started < 4000, 'if it can: a Redis that sleeps is not waited for');
});

t.test('a turn is waited for as long as one has patience for it', async (t) => {
  const made = await twoStores(t, { lockMs: 600_000 });
  if (made === undefined) return;
  const { one, two } = made;
  const unlock = await one.lock(APPID);
  const patience = new Patience({ storeMs: 2000, turnMs: 300 });
  t.equal(await two.lock(APPID, patience), undefined);
  await unlock?.();
  t.ok(await two.lock(APPID, patience), 'and one that is free is taken at once');
});

t.test('a lock that was granted when nobody waited for it any more is given back', async (t) => {
  const made = await twoStores(t, { timeoutMs: 200, lockMs: 600_000 });
  if (made === undefined) return;
  const { redis, one, two, client } = made;
  await two.load(APPID);
  await one.load(APPID);
  redis.pause();
  await t.rejects(one.lock(APPID), { name: 'StoreError' });
  redis.resume();
  const locked = async (): Promise<boolean> =>
    (await client.exists(`wxproxy:{${APPID}}:lock`)) === 1;
  await until(locked, 'it was taken all the same');
  await one.load(APPID);
  t.equal(await locked(), false, 'the next that is asked of Redis ends it');
  const unlock = await two.lock(APPID);
  redis.pause();
  await t.rejects(unlock?.() ?? Promise.resolve(), { name: 'StoreError' });
  redis.resume();
  await (
    await two.lock(APPID)
  )?.();
  t.equal(await locked(), false, 'and one whose end was not confirmed');
});

t.test('the force_refresh budget is the fleet’s', async (t) => {
  const made = await twoStores(t);
  if (made === undefined) return;
  const { one, two } = made;
  t.equal(await one.takeForce(APPID, NOW), true);
  t.equal(await two.takeForce(APPID, NOW + 29_999), false);
  let spent = 1;
  for (let i = 1; i <= 40; i++) {
    const store = i % 2 === 0 ? one : two;
    if (await store.takeForce(APPID, NOW + i * 30_000)) spent += 1;
  }
  t.equal(spent, 18);
});

t.test('what somebody else has written there is no token', async (t) => {
  const made = await twoStores(t);
  if (made === undefined) return;
  const { one, client } = made;
  const key = `wxproxy:{${APPID}}:state`;
  const good = { value: '90_v', expiresAt: '1', generation: '1' };
  for (const bad of [
    { ...good, generation: '0' },
    { ...good, generation: 'one' },
    { ...good, generation: '1.5' },
    { ...good, expiresAt: 'soon' },
    { ...good, value: '' },
    { ...good, value: 'a b' },
    { ...good, value: 'a\r\nb' },
    { cooldown: 'nonsense' },
    { value: '90_v' },
  ]) {
    await client.del(key);
    await client.hSet(key, bad);
    t.strictSame(await one.load(APPID), { token: undefined, cooldown: undefined });
  }
});
