import t from 'tap';
import { staggerMs } from '../../../src/token/schedule.ts';
import { Random } from './random.ts';

const TIMEOUT_MS = 12_000;
/** Two calls of 150 ms, from the look again to the answer of the force. */
const CALLS_MS = 300;

for (const replicas of [1, 2, 8, 30, 100]) {
  t.test(
    `of ${replicas} replicas that are rejected together, hardly ever more than 4 force`,
    (t) => {
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
      t.ok(many / rounds < 0.05, `${many} of ${rounds} times`);
      t.ok(most <= TIMEOUT_MS / 2, 'and callers live to see it');
      t.end();
    },
  );
}
