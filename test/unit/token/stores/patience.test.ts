import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { Patience } from '../../../../src/token/stores/patience.ts';

const never = new Promise<never>(() => {});

/** Keeps the process busy, so that timers fall due while answers lie unread. */
function stall(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

t.test('what one answer has used up, the next is not waited for', async (t) => {
  const patience = new Patience({ storeMs: 300 });
  const started = performance.now();
  await patience.wait(delay(200));
  await t.rejects(patience.wait(never), { message: /^no answer within \d+ ms$/ });
  await t.rejects(patience.wait(never));
  await t.rejects(patience.wait(never));
  const waitedMs = performance.now() - started;
  t.ok(waitedMs > 250 && waitedMs < 450, `${Math.round(waitedMs)} ms for all of them`);
});

t.test('what was waited for by the way counts as nothing', async (t) => {
  const patience = new Patience({ storeMs: 300 });
  await t.rejects(patience.wait(never));
  patience.renew();
  t.equal(await patience.wait(delay(100, 'answer')), 'answer');
});

t.test('an answer that was there in time counts, however late this process looks', async (t) => {
  const patience = new Patience({ storeMs: 50 });
  const answer = new Promise((resolve) => {
    setTimeout(() => setImmediate(resolve, 'answer'), 10);
  });
  const waited = patience.wait(answer);
  stall(100);
  t.equal(await waited, 'answer');
});

t.test('a failure stays one', async (t) => {
  await t.rejects(new Patience().wait(Promise.reject(new Error('no'))), { message: 'no' });
});
