import t from 'tap';
import type { Token } from '../../../src/token/token.ts';
import { HOUR, LIFE, MINUTE, replacement, SECOND, started, WINDOW } from './bench.ts';

for (const api of ['stable_token', 'token'] as const) {
  t.test(`1,000 rejections of one ${api} cost one fetch, and none goes without`, async (t) => {
    const { clock, wechat, manager, first, count } = await started({ api });
    wechat.latencyMs = SECOND;
    wechat.rotate();
    const asked = Array.from({ length: 1000 }, () => manager.rejected(first));
    const tokens = await clock.until(Promise.all(asked));
    t.equal(new Set(tokens).size, 1);
    t.equal((tokens[0] as Token).generation, 2);
    t.ok(wechat.accepts(tokens[0] as Token));
    t.equal(wechat.calls.length, 2);
    t.strictSame(manager.get(), tokens[0]);
    t.equal(await count('token_refreshes_total', { trigger: 'rejected', outcome: 'fetched' }), 1);
  });
}

t.test('rejections that trickle in during the fetch and after it join it', async (t) => {
  const { clock, wechat, manager, first } = await started({ api: 'token' });
  wechat.latencyMs = 10 * SECOND - 1;
  wechat.rotate();
  const asked: Promise<unknown>[] = [];
  for (let i = 0; i < 100; i++) {
    asked.push(manager.rejected(first));
    await clock.advance(200);
  }
  const tokens = await clock.until(Promise.all(asked));
  t.equal(new Set(tokens).size, 1);
  t.equal(wechat.calls.length, 2);
});

t.test(
  'a late rejection of an older generation fetches nothing, it gets the current',
  async (t) => {
    const { clock, wechat, manager, first } = await started({ api: 'token' });
    wechat.rotate();
    const second = await replacement({ clock, manager }, first);
    t.equal(wechat.calls.length, 2);
    for (const afterMs of [0, SECOND, HOUR]) {
      await clock.advance(afterMs);
      const late = await Promise.all(Array.from({ length: 100 }, () => manager.rejected(first)));
      t.ok(late.every((token) => token === second));
    }
    t.equal(wechat.calls.length, 2);
    t.equal(manager.get(), second);
  },
);

t.test('a late rejection does not wait for a renewal of the token it is to get', async (t) => {
  const { clock, wechat, manager, first } = await started({ api: 'token' });
  wechat.rotate();
  const second = await replacement({ clock, manager }, first);
  await clock.advance(LIFE - WINDOW - 1);
  const release = wechat.hold();
  t.equal(manager.get(), second);
  await clock.advance(2);
  t.equal(wechat.inFlight, 1, 'the renewal');
  let late: unknown;
  void manager.rejected(first).then((token) => (late = token));
  await clock.advance(0);
  t.equal(late, second);
  release();
});

t.test(
  'while the fetch runs others are served at once: one endpoint must not stop all',
  async (t) => {
    const { clock, wechat, manager, first } = await started();
    wechat.rotate();
    const release = wechat.hold();
    const other = manager.rejected(first);
    await clock.advance(SECOND);
    t.equal(manager.get(), first);
    release();
    t.equal(((await clock.until(other)) as Token).generation, 2);
  },
);

t.test(
  'a rejection that comes during a scheduled renewal takes its token, if it is another',
  async (t) => {
    const { clock, wechat, manager, first } = await started({ api: 'token' });
    wechat.latencyMs = SECOND;
    await clock.advance(LIFE - WINDOW);
    t.equal(manager.get(), first);
    const [one, two] = [manager.rejected(first), manager.rejected(first)];
    const tokens = await clock.until(Promise.all([one, two]));
    t.strictSame(
      tokens.map((token) => (token as Token).generation),
      [2, 2],
    );
    t.equal(wechat.calls.length, 2);
  },
);

t.test(
  'a rejection that comes during a renewal which brings the same token retires it',
  async (t) => {
    const { clock, wechat, manager, first } = await started({ rules: { overlapMs: MINUTE } });
    wechat.latencyMs = SECOND;
    await clock.advance(LIFE - WINDOW);
    t.equal(manager.get(), first);
    await clock.advance(0);
    t.equal(wechat.inFlight, 1);
    const asked = Array.from({ length: 1000 }, () => manager.rejected(first));
    const tokens = await clock.until(Promise.all(asked));
    t.equal(new Set(tokens).size, 1);
    t.equal((tokens[0] as Token).generation, 2);
    t.equal(wechat.mostInFlight, 1);
    t.equal(wechat.calls.filter(({ force }) => force).length, 1);
  },
);

t.test('a rejection of a token that has expired meanwhile gets the next one', async (t) => {
  const { clock, wechat, manager, first } = await started();
  await clock.advance(LIFE + MINUTE);
  const second = await replacement({ clock, manager }, first);
  t.equal(second.generation, 2);
  t.ok(wechat.accepts(second));
});

t.test(
  'a stable token that somebody else forces away again and again is replaced each time',
  async (t) => {
    const { clock, wechat, manager, first } = await started();
    let token = first;
    for (let i = 0; i < 50; i++) {
      await clock.advance(3 * SECOND);
      wechat.rotate();
      token = await replacement({ clock, manager }, token);
      t.ok(wechat.accepts(token));
      manager.replayed(token, 'ok');
    }
    t.equal(token.generation, 51);
    t.equal(wechat.calls.length, 51);
  },
);

t.test('a rejection whose fetch fails has no token to give, and keeps the old one', async (t) => {
  const { clock, wechat, manager, first } = await started();
  wechat.rotate();
  wechat.fail('network');
  const answers = await Promise.all(Array.from({ length: 100 }, () => manager.rejected(first)));
  t.ok(answers.every((answer) => answer === 'no_token'));
  t.equal(wechat.calls.length, 2);
  t.equal(manager.get(), first);
  wechat.mend();
  await clock.advance(MINUTE);
  t.equal((await replacement({ clock, manager }, first)).generation, 2);
});
