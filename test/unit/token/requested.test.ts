import { createHash } from 'node:crypto';
import t from 'tap';
import type { ProxyError } from '../../../src/errors.ts';
import type { Token } from '../../../src/token/token.ts';
import {
  failureOf,
  HOUR,
  LIFE,
  MINUTE,
  SECOND,
  started,
  TOKEN_TIMEOUT,
  type Bench,
} from './bench.ts';

const digest = ({ value }: Token): string => createHash('sha256').update(value).digest('hex');

const requested = ({ clock, manager }: Bench, of?: string): Promise<Token> =>
  clock.until(manager.requested(of));

t.test('a hundred clients that were rejected together cost one fetch', async (t) => {
  const made = await started({ api: 'token' });
  await made.clock.advance(HOUR);
  made.wechat.latencyMs = SECOND;
  made.wechat.rotate();
  const asked = Array.from({ length: 100 }, () => made.manager.requested(digest(made.first)));
  const tokens = await made.clock.until(Promise.all(asked));
  t.equal(new Set(tokens).size, 1);
  t.equal(tokens[0]?.generation, 2);
  t.equal(made.wechat.calls.length, 2);
  t.equal(
    await made.count('token_refreshes_total', { trigger: 'requested', outcome: 'fetched' }),
    1,
  );
});

t.test('who was rejected with another token than the current one gets the current', async (t) => {
  const made = await started({ api: 'token' });
  await made.clock.advance(HOUR);
  t.equal(await requested(made, 'f'.repeat(64)), made.first);
  t.equal(await requested(made, ''), made.first);
  t.equal(made.wechat.calls.length, 1);
});

t.test('without a digest a token younger than 30 s is given again', async (t) => {
  const made = await started({ api: 'token' });
  await made.clock.advance(30 * SECOND - 1);
  t.equal(await requested(made), made.first);
  t.equal(made.wechat.calls.length, 1);
  await made.clock.advance(1);
  t.equal((await requested(made)).generation, 2);
  t.equal((await requested(made)).generation, 2, 'and again it is young');
  t.equal(made.wechat.calls.length, 2);
});

t.test('how young a token is does not depend on the wall clock', async (t) => {
  const made = await started({ api: 'token' });
  await made.clock.advance(MINUTE);
  made.clock.setWall(-5 * HOUR);
  t.equal((await requested(made)).generation, 2);
});

t.test('with a digest even a young token is replaced', async (t) => {
  const made = await started({ api: 'token' });
  made.wechat.rotate();
  t.equal((await requested(made, digest(made.first))).generation, 2);
});

t.test(
  'requested refreshes are 30 s apart at least: no key holder can rotate in a loop',
  async (t) => {
    const made = await started({ api: 'token' });
    const { clock, manager, wechat } = made;
    await clock.advance(HOUR);
    const fromMs = clock.monotonic();
    for (let at = 0; at < HOUR; at += SECOND) {
      // Where it is said that there is no other, the loop goes on with what there is.
      await requested(made, digest(manager.usable!)).catch(() => {});
      await clock.advance(SECOND);
    }
    const calls = wechat.calls.filter(({ atMs }) => atMs >= fromMs);
    const gaps = calls.slice(1).map(({ atMs }, i) => atMs - calls[i]!.atMs);
    t.ok(gaps.every((gap) => gap >= 30 * SECOND));
    t.ok(calls.length > 5 && calls.length <= 120, `${calls.length} calls in an hour`);
  },
);

t.test(
  'a stable token that is requested away is asked for first, and forced only if needed',
  async (t) => {
    const made = await started();
    await made.clock.advance(HOUR);
    made.wechat.rotate();
    const second = await requested(made, digest(made.first));
    t.equal(second.generation, 2);
    t.equal(made.wechat.calls.filter(({ force }) => force).length, 0);
    await made.clock.advance(MINUTE);
    made.wechat.tokens.revoke('kept');
    t.ok(made.wechat.accepts(await requested(made, digest(second))));
    t.equal(made.wechat.calls.filter(({ force }) => force).length, 1);
  },
);

t.test('without any other token it is 503, never the rejected one again', async (t) => {
  const made = await started({ rules: { forcePerDay: 0 } });
  await made.clock.advance(HOUR);
  made.wechat.tokens.revoke('kept');
  for (const afterMs of [0, 30 * SECOND]) {
    await made.clock.advance(afterMs);
    const error = (await failureOf(requested(made, digest(made.first)))) as ProxyError;
    t.equal(error.code, 'ERR_TOKEN_UNAVAILABLE');
    t.match(error.message, 'no other token');
    t.ok((error.retryAfterS ?? 0) >= 1);
  }
  t.equal(made.manager.get(), made.manager.usable, 'everybody else is served');
});

t.test(
  'a requested refresh that fails says so, and then there are no more calls for a while',
  async (t) => {
    const made = await started({ api: 'token' });
    await made.clock.advance(HOUR);
    made.wechat.fail('refused', 'WeChat answered 40164: invalid ip', 40164);
    const error = (await failureOf(requested(made, digest(made.first)))) as ProxyError;
    t.strictSame([error.code, error.errcode], ['ERR_TOKEN_REFUSED', 40164]);
    for (let i = 0; i < 10; i++) t.equal(await requested(made, digest(made.first)), made.first);
    await made.clock.advance(30 * SECOND);
    const again = (await failureOf(requested(made, digest(made.first)))) as ProxyError;
    t.equal(again.code, 'ERR_TOKEN_REFUSED', 'the back-off of refusals holds here too');
    t.equal(made.wechat.calls.length, 2);
  },
);

t.test('a requested refresh is waited for no longer than the token timeout', async (t) => {
  const made = await started({ api: 'token' });
  const { clock, manager, wechat } = made;
  await clock.advance(HOUR);
  const release = wechat.hold();
  let error: ProxyError | undefined;
  const failed = async (): Promise<void> => {
    error = (await failureOf(manager.requested(digest(made.first)))) as ProxyError;
  };
  const waiting = failed();
  await clock.advance(TOKEN_TIMEOUT - 1);
  t.equal(error, undefined);
  await clock.advance(1);
  await waiting;
  t.equal(error?.code, 'ERR_TOKEN_UNAVAILABLE');
  release();
});

t.test('a request that comes when the token has expired waits for the next one', async (t) => {
  const made = await started({ api: 'token' });
  await made.clock.advance(LIFE);
  t.equal((await requested(made, digest(made.first))).generation, 2);
  t.equal(made.wechat.calls.length, 2);
});
