import t from 'tap';
import { connectionBudget, descriptorLimit } from '../../../src/server/descriptor-budget.ts';

t.test('descriptors are left for the upstream, and where they are few, two thirds', (t) => {
  for (const [limit, upstream, connections] of [
    [20_000, 256, 19_696],
    [1024, 256, 720],
    [1024, 4096, 325],
    [96, 256, 16],
    [32, 256, 8],
    [Infinity, 256, Infinity],
  ] as const) {
    t.equal(connectionBudget(limit, upstream), connections, `${limit} and ${upstream}`);
  }
  t.end();
});

t.test('the limit of this process is known, or there is none', (t) => {
  t.ok(descriptorLimit() > 64);
  t.end();
});
