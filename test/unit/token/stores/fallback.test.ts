import t from 'tap';
import { withFallback } from '../../../../src/token/stores/fallback.ts';
import { memoryStore } from '../../../../src/token/stores/memory.ts';
import { StoreError, type SharedStore } from '../../../../src/token/stores/store.ts';
import { storeBench } from '../../../contract/store-bench.ts';
import { storeContract } from '../../../contract/store-contract.ts';
import { FakeClock } from '../../../helpers/fake-clock.ts';

const APPID = 'wx1';
const OPERATIONS = ['load', 'save', 'saveCooldown', 'lock', 'takeForce', 'rehearse'] as const;
type Operation = (typeof OPERATIONS)[number];

function token(generation: number) {
  return { value: `90_value-${generation}`, expiresAt: Date.parse('2030-01-01'), generation };
}

/** A shared store whose operations fail while `fails` says how, and how often each was asked for. */
async function bench() {
  const asked: Operation[] = [];
  const behind = { ...memoryStore(), rehearse: () => Promise.resolve() };
  const world: { fails: ((operation: Operation) => Error | undefined) | undefined } = {
    fails: undefined,
  };
  const shared = { ...behind, name: 'redis', shared: true } as SharedStore;
  for (const operation of OPERATIONS) {
    const real = behind[operation] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(shared, {
      [operation]: (...args: unknown[]) => {
        asked.push(operation);
        const error = world.fails?.(operation);
        return error === undefined ? real(...args) : Promise.reject(error);
      },
    });
  }
  const clock = new FakeClock();
  const told = await storeBench();
  const store = withFallback(shared, { clock, ...told });
  return { ...told, store, behind, clock, asked, world };
}

const DOWN = 'the token store is down: going on with the token in memory';

const unreachable = (): Error => new StoreError('it cannot be reached', { refused: false });

storeContract(t, 'a store with a fallback', async () => (await bench()).store);

storeContract(t, 'the fallback alone', async () => {
  const { store, world } = await bench();
  world.fails = unreachable;
  return store;
});

t.test('a store that is down is waited for once, whatever is asked of it', async (t) => {
  const { store, world, asked } = await bench();
  world.fails = unreachable;
  t.equal(store.shared, true);
  const unlock = await store.lock(APPID);
  await store.load(APPID);
  await store.save(APPID, token(1));
  await store.saveCooldown(APPID, { generation: 1, until: 1, lengthMs: 1 });
  await store.takeForce(APPID, 0);
  await unlock?.();
  t.strictSame(asked, ['lock']);
  t.equal(store.shared, false, 'and nothing is shared through it');
  t.equal(store.cutOff, true);
});

t.test('an outage is said once, counted, and its end said once', async (t) => {
  const { store, world, clock, asked, log, warnings, count } = await bench();
  world.fails = unreachable;
  await Promise.all(Array.from({ length: 100 }, () => store.load(APPID)));
  await clock.advance(10_000);
  for (let i = 0; i < 1000; i++) await store.load(APPID);
  t.strictSame(warnings(), [DOWN]);
  t.equal(asked.length, 110, 'a probe a second, and no request waits for it');
  t.equal(await count('load', 'failed'), 100);
  t.equal(await count('probe', 'failed'), 10);

  world.fails = undefined;
  await clock.advance(1000);
  await store.load(APPID);
  await clock.advance(10_000);
  const back = log.filter((line) => line.includes('the token store is back'));
  t.equal(back.length, 1, 'nobody had to ask for it to be noticed');
  t.equal(store.shared, true);
  t.equal(asked.length, 112, 'no probe after that');
  t.equal(warnings().length, 1);
  t.equal(clock.pending, 0);
});

t.test('while the store is down, what is saved is known here', async (t) => {
  const { store, world, clock, behind } = await bench();
  await store.save(APPID, token(3));
  world.fails = unreachable;
  t.same((await store.load(APPID)).token, token(3), 'and so is what was saved before');
  await store.save(APPID, token(4));
  t.same((await store.load(APPID)).token, token(4));
  world.fails = undefined;
  await behind.save(APPID, token(6));
  await clock.advance(1000);
  t.same((await store.load(APPID)).token, token(6), 'afterwards the store counts again');
  t.same(await store.save(APPID, token(5)), token(6));
});

t.test('what was fetched during an outage is handed over when it ends', async (t) => {
  const { store, world, clock, behind, asked } = await bench();
  await store.save(APPID, token(3));
  world.fails = unreachable;
  await store.load(APPID);
  await store.save(APPID, token(4));
  await store.save(APPID, token(5));
  await store.save('wx2', token(1));
  world.fails = undefined;
  await clock.advance(1000);
  t.same((await behind.load(APPID)).token, token(5));
  t.same((await behind.load('wx2')).token, token(1));
  await clock.advance(10_000);
  t.equal(asked.filter((operation) => operation === 'save').length, 3, 'once');
});

t.test('forces spent before an outage count during it', async (t) => {
  const { store, world } = await bench();
  t.equal(await store.takeForce(APPID, 0), true);
  world.fails = unreachable;
  t.equal(await store.takeForce(APPID, 29_999), false);
  t.equal(await store.takeForce(APPID, 30_000), true);
});

t.test('a lock from before an outage is ended without waiting for the store', async (t) => {
  const { store, world, asked } = await bench();
  const unlock = await store.lock(APPID);
  world.fails = unreachable;
  await store.load(APPID);
  await unlock?.();
  t.strictSame(asked, ['lock', 'load']);
});

t.test('a store that refuses anything is left alone until it does all of it', async (t) => {
  const { store, world, clock, behind, asked, log, warnings, count } = await bench();
  const refuses = new Set<Operation>(['lock', 'rehearse']);
  world.fails = (operation) =>
    refuses.has(operation) ? new StoreError('grant it +eval', { refused: true }) : undefined;
  await (
    await store.lock(APPID)
  )?.();
  await store.save(APPID, token(2));
  t.strictSame(asked, ['lock'], 'without a lock nobody is kept apart');
  t.equal(store.cutOff, true);
  await clock.advance(10 * 60_000);
  const probes = await count('probe', 'failed');
  t.ok(probes >= 40 && probes <= 45, `${probes} probes in 10 minutes: ever more rarely`);
  t.strictSame(warnings(), [DOWN]);
  t.match(log.join(''), 'grant it +eval');

  refuses.clear();
  await clock.advance(15_000);
  t.match(log.join(''), 'the token store is back');
  t.equal(store.cutOff, false);
  t.same((await behind.load(APPID)).token, token(2), 'and is given what it missed');
});

t.test('a store that comes back with other trouble says that too, each once', async (t) => {
  const { store, world, clock, warnings, log } = await bench();
  let trouble = unreachable();
  world.fails = () => trouble;
  await store.load(APPID);
  await clock.advance(5000);
  trouble = new StoreError('wrong password', { refused: true });
  await clock.advance(60_000);
  trouble = unreachable();
  await clock.advance(60_000);
  t.strictSame(warnings(), [DOWN, DOWN]);
  t.match(log.join(''), 'wrong password');
});

t.test('a closed store is not asked whether it is back', async (t) => {
  const { store, world, clock, asked } = await bench();
  world.fails = unreachable;
  await store.load(APPID);
  await store.close();
  await clock.advance(10_000);
  t.strictSame(asked, ['load']);
  t.equal(clock.pending, 0);
});
