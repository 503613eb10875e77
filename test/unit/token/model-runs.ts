import { createLogger } from '../../../src/telemetry/logger.ts';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import { modelRun } from './model-run.ts';
import { Random } from './random.ts';

export interface Seeds {
  readonly first: number;
  readonly count: number;
}

/** A failing run tells its seed, and more of the same say little. */
const MOST_FAILURES = 5;

/** Random lives of an account, one for each seed. @returns what went against the invariants, and how to see it again */
export async function modelRuns({ first, count }: Seeds): Promise<string[]> {
  const metrics = new Metrics({ version: '0', processMetrics: false });
  const around = {
    logger: await createLogger({
      level: 'silent',
      format: 'json',
      destination: { write: () => {} },
    }),
    metrics,
    account: metrics.account('wx1'),
  };
  const failures: string[] = [];
  for (let seed = first; seed < first + count && failures.length < MOST_FAILURES; seed++) {
    const violations = await modelRun(new Random(seed), around).catch((error: unknown) => [
      String(error),
    ]);
    if (violations.length === 0) continue;
    const again = `MODEL_SEED=${seed} MODEL_RUNS=1 npm run test:file test/unit/token/model.test.ts`;
    failures.push(`${[...new Set(violations)].join('; ')}: ${again}`);
  }
  return failures;
}
