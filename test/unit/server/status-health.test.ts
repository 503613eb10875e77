import t from 'tap';
import { upstreamHealth } from '../../../src/server/status-health.ts';
import { LastOutcomes } from '../../../src/telemetry/last-outcomes.ts';

const SECOND = 1000;

function outcomes() {
  const clock = { now: 1_700_000_000_000 };
  const last = new LastOutcomes(() => clock.now);
  const health = (laterMs = 0) => upstreamHealth(last, (clock.now += laterMs));
  return { last, health };
}

t.test('nothing is said of an upstream that was not called', (t) => {
  t.strictSame(outcomes().health(), { ok: true, words: 'not called yet' });
  t.end();
});

t.test('token calls that fail are not made good by API calls, nor the other way round', (t) => {
  const { last, health } = outcomes();
  last.tokenCalled('WeChat', 'timeout');
  last.apiCalled(undefined);
  t.strictSame(health(3 * SECOND), {
    ok: false,
    words: 'WeChat cannot be reached (token calls), 3 s ago',
  });
  last.tokenCalled('WeChat', undefined);
  t.strictSame(health(2 * SECOND), { ok: true, words: 'answered 2 s ago' });
  last.apiCalled('timeout');
  last.tokenCalled('WeChat', undefined);
  t.strictSame(health(), {
    ok: false,
    words: 'WeChat does not answer in time (API calls), 0 s ago',
  });
  t.end();
});

t.test('whoever issues tokens is named', (t) => {
  const { last, health } = outcomes();
  last.apiCalled('connect');
  last.tokenCalled('the token peer', 'network');
  t.equal(
    health().words,
    'WeChat cannot be reached (API calls), 0 s ago; the token peer cannot be reached (token calls), 0 s ago',
  );
  t.end();
});

t.test('a failure counts as long as the next try can take, then it says little', (t) => {
  const { last, health } = outcomes();
  last.apiCalled('reset');
  t.equal(health(60 * SECOND).ok, false);
  t.strictSame(health(1 * SECOND), { ok: true, words: 'last call failed (reset) 61 s ago' });
  last.tokenCalled('WeChat', 'network');
  t.equal(health(120 * SECOND).ok, false, 'token calls are tried once a minute');
  t.equal(health(61 * SECOND).ok, true);
  t.end();
});
