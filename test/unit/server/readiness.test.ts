import t from 'tap';
import { Readiness } from '../../../src/server/readiness.ts';

t.test('ready is who can answer, and whoever is asked to stop is not', (t) => {
  let canAnswer = false;
  const readiness = new Readiness(() => canAnswer);
  t.strictSame(readiness.state, { ready: false, why: 'no usable token yet' });
  canAnswer = true;
  t.strictSame(readiness.state, { ready: true, why: 'ready' });
  canAnswer = false;
  t.equal(readiness.state.ready, false, 'a token that is lost is noticed');
  canAnswer = true;
  readiness.stop();
  t.strictSame(readiness.state, { ready: false, why: 'shutting down' });
  t.end();
});
