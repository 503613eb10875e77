import t from 'tap';
import { Metrics } from '../../src/telemetry/metrics.ts';

/** Of CPU, which is what a scrape takes; how long a busy machine takes to give it is another matter. */
const MAX_BLOCKED_MS = 20;

t.test('a scrape of 100 accounts lets others work at least every 20 ms', async (t) => {
  const metrics = new Metrics({ version: 'any' });
  for (let i = 0; i < 100; i++) metrics.account(`wx${String(i).padStart(16, '0')}`);
  await metrics.text(); // compiled by now, as in a process that is scraped every 30 s

  let longestMs = 0;
  let turns = 0;
  let last = process.threadCpuUsage();
  let next = setImmediate(turn);
  function turn(): void {
    const { user, system } = process.threadCpuUsage(last);
    longestMs = Math.max(longestMs, (user + system) / 1000);
    turns++;
    last = process.threadCpuUsage();
    next = setImmediate(turn);
  }
  const text = await metrics.text();
  clearImmediate(next);
  t.ok(text.split('\n').length > 5000, `${text.length} characters`);
  t.ok(turns > 20, `${turns} turns for others`);
  t.ok(longestMs < MAX_BLOCKED_MS, `at most ${longestMs} ms in one go`);
});
