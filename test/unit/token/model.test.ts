import t from 'tap';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import { modelRun } from './model-run.ts';
import { Random } from './random.ts';

// `MODEL_SEED=123 MODEL_RUNS=1` repeats the run that failed with seed 123.
const { MODEL_SEED, MODEL_RUNS = '300' } = process.env;
const firstSeed = Number(MODEL_SEED ?? 1);
const runs = Number(MODEL_RUNS);

t.test(`${runs} random lives of an account keep every invariant`, async (t) => {
  const around = {
    logger: await createLogger({
      level: 'silent',
      format: 'json',
      destination: { write: () => {} },
    }),
    metrics: new Metrics({ version: '0', processMetrics: false }).account('wx1'),
  };
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const violations = await modelRun(new Random(seed), around).catch((error: unknown) => [
      String(error),
    ]);
    if (violations.length === 0) continue;
    t.fail(`MODEL_SEED=${seed} MODEL_RUNS=1: ${[...new Set(violations)].join('; ')}`);
    if (t.counts.fail >= 5) break;
  }
  t.ok(runs > 0);
});
