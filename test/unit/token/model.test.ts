import t from 'tap';
import { modelRuns } from './model-runs.ts';

// What fails says how to repeat it: `MODEL_SEED=123 MODEL_RUNS=1 npm run test:file <this file>`.
const { MODEL_SEED = '1', MODEL_RUNS = '100' } = process.env;
const count = Number(MODEL_RUNS);

t.test(`${count} random lives of an account keep every invariant`, async (t) => {
  t.ok(count > 0);
  t.strictSame(await modelRuns({ first: Number(MODEL_SEED), count }), []);
});
