import t from 'tap';
import { memoryStore } from '../../../src/token/stores/memory.ts';
import { bench, LIFE, started } from './bench.ts';

const never = (): Promise<void> => new Promise(() => {});

t.test('nobody waits for the end of a lock, nor minds that it fails', async (t) => {
  for (const unlock of [never, () => Promise.reject(new Error('gone'))]) {
    const store = { ...memoryStore(), lock: () => Promise.resolve(unlock) };
    const made = await started({ store, api: 'token' });
    made.wechat.rotate();
    const other = await made.clock.until(made.manager.rejected(made.first));
    t.equal(typeof other === 'object' && other.generation, 2);
  }
});

t.test('whose turn it is not asks beside the one whose it is, and retires no token', async (t) => {
  const turns: number[] = [];
  const store = {
    ...memoryStore(),
    lock: (_appid: string, patience?: { turnMs: number }) => {
      turns.push(patience?.turnMs ?? NaN);
      return Promise.resolve(undefined);
    },
  };
  const asked: unknown[] = [];
  const made = await bench({ store, api: 'token' });
  made.wechat.answer = (request) => {
    asked.push(request.uncoordinated);
    return Promise.resolve({ value: `90_${asked.length}`, expiresInMs: LIFE });
  };
  await made.manager.start();
  t.strictSame(turns, [5000], 'where there is no token: half of the token timeout');
  t.strictSame(asked, [true]);
  await made.clock.advance(LIFE - 1000);
  void made.manager.get();
  await made.clock.advance(0);
  t.equal(turns[1], Infinity, 'for a renewal: as long as it takes');
});
