import t from 'tap';
import { HOUR, LIFE, replacement, started, WINDOW, MINUTE } from './bench.ts';

const explained = (log: readonly string[]): number =>
  log.filter((line) => line.includes('somebody else fetches tokens')).length;

t.test(
  'somebody else who fetches with the token API is a conflict, counted each time',
  async (t) => {
    const made = await started({ api: 'token' });
    let token = made.first;
    for (let i = 0; i < 5; i++) {
      await made.clock.advance(10 * MINUTE);
      made.wechat.rotate();
      const asked = Array.from({ length: 100 }, () => made.manager.rejected(token));
      token = (await Promise.all(asked))[0] as typeof token;
      made.manager.replayed(token, 'ok');
    }
    t.equal(await made.count('token_conflicts_total'), 5);
    t.equal(explained(made.log), 1, 'and explained once');
  },
);

t.test(
  'a stable token that was forced away is no conflict: it is how that API works',
  async (t) => {
    const made = await started({ api: 'stable_token' });
    made.wechat.rotate();
    await replacement(made, made.first);
    t.equal(await made.count('token_conflicts_total'), 0);
    t.equal(explained(made.log), 0);
  },
);

t.test('a rejection near the expiry or after it is no conflict', async (t) => {
  for (const atMs of [LIFE - WINDOW, LIFE - 1, LIFE, LIFE + HOUR]) {
    const made = await started({ api: 'token' });
    await made.clock.advance(atMs);
    await replacement(made, made.first);
    t.equal(await made.count('token_conflicts_total'), 0, `after ${atMs} ms`);
  }
});

t.test(
  'one conflict is counted once, also when WeChat cannot be reached for an hour',
  async (t) => {
    const made = await started({ api: 'token' });
    made.wechat.rotate();
    made.wechat.fail('network');
    for (let i = 0; i < 60; i++) {
      await made.manager.rejected(made.first);
      await made.clock.advance(MINUTE);
    }
    t.ok(made.wechat.calls.length > 30);
    t.equal(await made.count('token_conflicts_total'), 1);
  },
);
