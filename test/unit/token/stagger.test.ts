import t from 'tap';
import { staggerMs } from '../../../src/token/schedule.ts';
import { Random } from './random.ts';

const TIMEOUT_MS = 12_000;
/** Two calls of 150 ms, from the look again to the answer of the force. */
const CALLS_MS = 300;

/** How seldom more than 4 may force: every 20th time for 8 replicas, rarely for a hundred too. */
const SELDOM: readonly (readonly [number, number])[] = [
  [1, 0],
  [2, 0],
  [8, 0.06],
  [30, 0.1],
  [100, 0.28],
];

for (const [replicas, seldom] of SELDOM) {
  t.test(`of ${replicas} replicas that are rejected together, seldom more than 4 force`, (t) => {
    const random = new Random(replicas);
    const rounds = 2000;
    let many = 0;
    let most = 0;
    for (let round = 0; round < rounds; round++) {
      const turns = Array.from({ length: replicas }, () => staggerMs(random.next(), TIMEOUT_MS));
      const first = Math.min(...turns);
      if (turns.filter((turn) => turn < first + CALLS_MS).length > 4) many += 1;
      most = Math.max(most, ...turns);
    }
    t.ok(many / rounds <= seldom, `${many} of ${rounds} times`);
    t.ok(most <= 2000, 'and SDKs that give up after 3 s live to see it');
    t.end();
  });
}
