import t from 'tap';
import { DEFAULT_RULES, type Rules } from '../../../src/simulator/rules.ts';
import { AccountTokens, type TokenOwners } from '../../../src/simulator/account-tokens.ts';

const MINUTE_MS = 60_000;

interface Bench {
  readonly tokens: AccountTokens;
  readonly owners: TokenOwners;
  readonly clock: { now: number };
}

function bench(changes: Partial<Rules> = {}): Bench {
  const clock = { now: Date.parse('2026-05-01T04:00:00Z') };
  const rules = { ...DEFAULT_RULES, ...changes };
  const owners: TokenOwners = new Map();
  const tokens = new AccountTokens(
    'wx1',
    owners,
    () => clock.now,
    () => rules,
  );
  return { tokens, owners, clock };
}

t.test(
  'a token value is 136 to 160 characters of [A-Za-z0-9_-], never twice the same',
  async (t) => {
    const { tokens } = bench();
    const values = Array.from({ length: 200 }, () => tokens.classic().value);
    for (const value of values) t.match(value, /^90_[A-Za-z0-9_-]{133,157}$/);
    t.equal(new Set(values).size, 200);
  },
);

t.test('/cgi-bin/token retires the previous token after the overlap', async (t) => {
  const { tokens, clock } = bench();
  const first = tokens.classic().value;
  const second = tokens.classic().value;
  t.equal(tokens.judge(first), 'good');
  t.equal(tokens.judge(second), 'good');
  clock.now += 5 * MINUTE_MS - 1;
  t.equal(tokens.judge(first), 'good', 'good until the last millisecond of the overlap');
  clock.now += 1;
  t.equal(tokens.judge(first), 'invalid');
  t.equal(tokens.judge(second), 'good');
});

t.test('a token two calls back is dead at once', async (t) => {
  const { tokens } = bench();
  const first = tokens.classic().value;
  tokens.classic();
  tokens.classic();
  t.equal(tokens.judge(first), 'invalid');
});

t.test('a retired token does not outlive its own expiry', async (t) => {
  const { tokens, clock } = bench();
  const first = tokens.classic().value;
  clock.now += 7_200_000 - MINUTE_MS;
  tokens.classic();
  clock.now += MINUTE_MS;
  t.equal(tokens.judge(first), 'expired');
});

t.test('a token expires at the end of its life, to the millisecond', async (t) => {
  const { tokens, clock } = bench({ lifetimeMs: 10_000 });
  const { value } = tokens.classic();
  clock.now += 9_999;
  t.equal(tokens.judge(value), 'good');
  clock.now += 1;
  t.equal(tokens.judge(value), 'expired');
});

t.test('the overlap is never more than half of the life', async (t) => {
  const { tokens, clock } = bench({ lifetimeMs: 10_000 });
  const first = tokens.classic().value;
  tokens.classic();
  clock.now += 5_000;
  t.equal(tokens.judge(first), 'invalid');
});

t.test('expires_in is in whole seconds, rounded down, at least 1', async (t) => {
  for (const [lifetimeMs, seconds] of [
    [7_200_000, 7_200],
    [1_999, 1],
    [200, 1],
  ] as const) {
    t.equal(bench({ lifetimeMs }).tokens.classic().expiresInSeconds, seconds);
  }
});

t.test('stable_token gives the same token with its remaining life', async (t) => {
  const { tokens, clock } = bench();
  const first = tokens.stable(false);
  clock.now += 1_000_500;
  const again = tokens.stable(false);
  t.equal(again.value, first.value);
  t.equal(again.expiresInSeconds, 6_199);
});

t.test('stable_token gives a new token within the last five minutes, and both work', async (t) => {
  const { tokens, clock } = bench();
  const first = tokens.stable(false).value;
  clock.now += 7_200_000 - 5 * MINUTE_MS - 1;
  t.equal(tokens.stable(false).value, first);
  clock.now += 1;
  const second = tokens.stable(false);
  t.not(second.value, first);
  t.equal(second.expiresInSeconds, 7_200);
  clock.now += 5 * MINUTE_MS - 1;
  t.equal(tokens.judge(first), 'good');
  clock.now += 1;
  t.equal(tokens.judge(first), 'expired');
  t.equal(tokens.judge(second.value), 'good');
});

t.test('with a short life stable_token renews in its second half only', async (t) => {
  const { tokens, clock } = bench({ lifetimeMs: 10_000 });
  const first = tokens.stable(false).value;
  clock.now += 4_999;
  t.equal(tokens.stable(false).value, first);
  clock.now += 1;
  t.not(tokens.stable(false).value, first);
});

t.test('the two token APIs do not touch each other', async (t) => {
  const { tokens, clock } = bench();
  const stable = tokens.stable(false).value;
  const classic = tokens.classic().value;
  tokens.classic();
  tokens.classic();
  t.equal(tokens.judge(stable), 'good');
  t.equal(tokens.stable(false).value, stable);
  const latest = tokens.classic().value;
  clock.now += 30_000;
  tokens.stable(true);
  t.equal(tokens.judge(latest), 'good');
  t.equal(tokens.judge(classic), 'invalid');
});

t.test('force_refresh retires the current token at once', async (t) => {
  const { tokens } = bench();
  const first = tokens.stable(false).value;
  const second = tokens.stable(true).value;
  t.not(second, first);
  t.equal(tokens.judge(first), 'invalid');
  t.equal(tokens.judge(second), 'good');
});

t.test('a force_refresh sooner than 30 s after the last gives the current token', async (t) => {
  const { tokens, clock } = bench();
  tokens.stable(false);
  const forced = tokens.stable(true).value;
  clock.now += 29_999;
  t.equal(tokens.stable(true).value, forced);
  clock.now += 1;
  t.not(tokens.stable(true).value, forced);
});

t.test(
  'the 21st force_refresh of a day gives the current token, until midnight in Beijing',
  async (t) => {
    const { tokens, clock } = bench();
    const values = new Set([tokens.stable(false).value]);
    for (let i = 0; i < 25; i += 1) {
      values.add(tokens.stable(true).value);
      clock.now += 30_000;
    }
    t.equal(values.size, 21);
    const last = tokens.stable(false).value;
    clock.now = Date.parse('2026-05-01T15:59:59Z');
    tokens.stable(false);
    const beforeMidnight = tokens.stable(true).value;
    clock.now = Date.parse('2026-05-01T16:00:00Z');
    t.not(tokens.stable(true).value, beforeMidnight);
    t.not(last, beforeMidnight, 'it had expired meanwhile');
  },
);

t.test('spacing and daily number of force_refresh can be set', async (t) => {
  const { tokens } = bench({ forceSpacingMs: 0, forcePerDay: 2 });
  const values = new Set([tokens.stable(false).value]);
  for (let i = 0; i < 5; i += 1) values.add(tokens.stable(true).value);
  t.equal(values.size, 3);
});

t.test('an outsider who rotates is not held to the spacing', async (t) => {
  const { tokens } = bench();
  const first = tokens.stable(false).value;
  tokens.rotate('stable_token');
  tokens.rotate('stable_token');
  t.equal(tokens.judge(first), 'invalid');
  t.equal(tokens.line('stable_token').issued, 3);
});

t.test('revoked tokens are dead at once, and the next call gives a new one', async (t) => {
  const { tokens } = bench();
  const stable = tokens.stable(false).value;
  const classic = tokens.classic().value;
  tokens.revoke('dead');
  t.equal(tokens.judge(stable), 'invalid');
  t.equal(tokens.judge(classic), 'invalid');
  t.not(tokens.stable(false).value, stable);
});

t.test('tokens revoked as expired say so, and the next call gives a new one', async (t) => {
  const { tokens } = bench();
  const stable = tokens.stable(false).value;
  tokens.revoke('expired');
  t.equal(tokens.judge(stable), 'expired');
  t.not(tokens.stable(false).value, stable);
});

t.test('a token revoked but kept is handed out again until it is forced', async (t) => {
  const { tokens } = bench();
  const stable = tokens.stable(false).value;
  tokens.revoke('kept');
  t.equal(tokens.judge(stable), 'invalid');
  t.equal(tokens.stable(false).value, stable);
  const forced = tokens.stable(true).value;
  t.not(forced, stable);
  t.equal(tokens.judge(forced), 'good');
});

t.test('however many tokens were issued, four at most are remembered', async (t) => {
  const { tokens, owners } = bench({ forceSpacingMs: 0, forcePerDay: null });
  tokens.stable(false);
  for (let i = 0; i < 50; i += 1) {
    tokens.classic();
    tokens.stable(true);
  }
  t.equal(owners.size, 4);
  tokens.revoke('dead');
  t.equal(owners.size, 0);
});
