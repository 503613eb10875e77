import t from 'tap';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { RepeatedLog } from '../../../src/telemetry/repeated-log.ts';
import { until } from '../../helpers/proxy.ts';

async function logged(quietMs: number): Promise<{ log: RepeatedLog; lines: string[] }> {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = await createLogger({ level: 'info', format: 'json', destination });
  return { log: new RepeatedLog(logger, quietMs), lines };
}

t.test('a failure that repeats is said once, then summed up', async (t) => {
  const { log, lines } = await logged(50);
  for (let i = 0; i < 1000; i++) log.say('warn', 'reset', {}, 'request failed');
  t.equal(lines.length, 1);
  await until(() => lines.length === 2, 'the sum');
  t.match(JSON.parse(lines[1] as string), { level: 'warn', kind: 'reset', count: 999 });
});

t.test('failures of different kinds are each said', async (t) => {
  const { log, lines } = await logged(60_000);
  log.say('warn', 'reset', {}, 'request failed');
  log.say('warn', 'timeout', {}, 'request failed');
  t.equal(lines.length, 2);
  log.close();
  t.equal(lines.length, 2, 'there was nothing to sum up');
});

t.test('what is only counted at the end is not lost', async (t) => {
  const { log, lines } = await logged(60_000);
  for (let i = 0; i < 3; i++) log.say('error', 'reset', {}, 'request failed');
  log.close();
  t.match(JSON.parse(lines[1] as string), { kind: 'reset', count: 2 });
});
