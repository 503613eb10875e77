import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { figure } from '../helpers/figures.ts';
import type { Seeds } from '../unit/token/model-runs.ts';

/** Others than those of test/unit/token/model.test.ts, in threads of their own: tap follows every promise in its. */
const SEEDS: readonly Seeds[] = [
  { first: 10_000, count: 1500 },
  { first: 20_000, count: 1500 },
];

t.test('three thousand random lives of an account keep every invariant', async (t) => {
  const failures = await Promise.all(
    SEEDS.map(async (workerData) => {
      const worker = new Worker(new URL('token-model-worker.ts', import.meta.url), { workerData });
      const [found] = (await once(worker, 'message')) as [string[]];
      return found;
    }),
  );
  t.strictSame(failures.flat(), []);
  const lives = SEEDS.reduce((sum, { count }) => sum + count, 0);
  figure('random lives that broke an invariant', failures.flat().length, `of ${lives}`);
});
