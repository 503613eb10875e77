import t from 'tap';
import { Recent } from '../../../src/simulator/recent.ts';

t.test('a full memory forgets its oldest entry, and only that', async (t) => {
  const recent = new Recent<string, number>(2);
  recent.set('a', 1);
  recent.set('b', 2);
  recent.set('b', 3);
  t.equal(recent.get('a'), 1, 'a known key takes no room');
  recent.set('c', 4);
  t.equal(recent.get('a'), undefined);
  t.equal(recent.get('b'), 3);
  t.equal(recent.get('c'), 4);
});
