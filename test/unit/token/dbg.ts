import { modelRun } from './model-run-dbg.ts';
import { Random } from './random.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { Metrics } from '../../../src/telemetry/metrics.ts';
const around = {
  logger: await createLogger({
    level: 'trace',
    format: 'json',
    destination: { write: (l: string) => console.log(l.slice(0, 300).trim()) },
  }),
  metrics: new Metrics({ version: '0', processMetrics: false }).account('wx1'),
};
console.log(await modelRun(new Random(Number(process.argv[2])), around));
