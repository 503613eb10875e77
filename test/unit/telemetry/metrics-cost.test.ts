import t from 'tap';
import { ROUTES } from '../../../src/wechat/routes.ts';
import { threadMs } from '../../helpers/thread-time.ts';
import { instance } from './scraped.ts';

t.test('the text is prom-client’s own', async (t) => {
  const metrics = instance();
  for (let i = 0; i < 40; i++) metrics.account(`wx${i}`).requestEnded('api', 200, 0.1);
  t.equal(await metrics.text(), await metrics.registry.metrics());
});

t.test('a scrape of 100 accounts holds up nobody for 20 ms', async (t) => {
  const metrics = instance();
  for (let i = 0; i < 100; i++) {
    const account = metrics.account(`wx${String(i).padStart(16, '0')}`);
    for (const route of ROUTES) account.requestEnded(route, 200, 0.1);
  }
  const longest: number[] = [];
  for (let round = 0; round < 5; round++) longest.push(await longestTurnMs(() => metrics.text()));
  t.ok(Math.min(...longest) < 20, `longest turns: ${longest.map((ms) => ms.toFixed(1)).join()} ms`);
});

t.test('disposing of one account does not look at the others', (t) => {
  const costMs = (others: number): number => {
    const metrics = instance();
    for (let i = 0; i < others; i++) metrics.account(`wy${i}`);
    const accounts = Array.from({ length: 50 }, (_, i) => metrics.account(`wx${i}`));
    const startedMs = threadMs();
    for (const account of accounts) account.dispose();
    return threadMs() - startedMs;
  };
  costMs(0);
  const alone = Math.min(costMs(0), costMs(0), costMs(0));
  const among = Math.min(costMs(1000), costMs(1000));
  t.ok(among < 20 * alone + 20, `${alone.toFixed(1)} ms alone, ${among.toFixed(1)} ms among 1000`);
  t.end();
});

/** The longest turn this took, in the thread's own time: what others do on this machine is not counted. */
async function longestTurnMs(run: () => Promise<unknown>): Promise<number> {
  let running = true;
  let longestMs = 0;
  let lastMs = threadMs();
  const turn = (): void => {
    const now = threadMs();
    longestMs = Math.max(longestMs, now - lastMs);
    lastMs = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await run();
  turn();
  running = false;
  return longestMs;
}
