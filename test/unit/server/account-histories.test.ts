import t from 'tap';
import type { Account } from '../../../src/account/account.ts';
import { AccountHistories } from '../../../src/server/account-histories.ts';

t.test('an account is shown from its first request on', (t) => {
  const histories = new AccountHistories();
  const account = used(3, 1);
  histories.sample([], true);
  histories.sample([account], true);
  t.equal(histories.of(account).requests.at(-1), 3);
  t.equal(histories.of(account).replays.at(-1), 1);
  count(account, 5, 1);
  histories.sample([account], true);
  t.strictSame(histories.of(account).requests.slice(-2), [3, 2]);
  t.strictSame(histories.of(account).replays.slice(-2), [1, 0]);
  t.end();
});

t.test('one that was not looked at begins anew, and shows no leap', (t) => {
  const histories = new AccountHistories();
  const account = used(3, 1);
  histories.sample([account], false);
  histories.sample([], false);
  t.same(sum(histories.of(account).requests), 0, 'it has none meanwhile');
  count(account, 1000, 500);
  histories.sample([account], false);
  t.equal(sum(histories.of(account).requests), 0);
  t.equal(sum(histories.of(account).replays), 0);
  count(account, 1002, 501);
  histories.sample([account], false);
  t.equal(histories.of(account).requests.at(-1), 2);
  t.equal(histories.of(account).replays.at(-1), 1);
  t.end();
});

t.test('nor does one that was never looked at before', (t) => {
  const histories = new AccountHistories();
  const account = used(1000, 500);
  histories.sample([used(1, 0)], false);
  histories.sample([account], true);
  t.equal(sum(histories.of(account).requests), 0);
  t.equal(sum(histories.of(account).replays), 0);
  t.end();
});

function used(requestCount: number, replayCount: number): Account {
  return { metrics: { requestCount, replayCount } } as unknown as Account;
}

function count(account: Account, requestCount: number, replayCount: number): void {
  Object.assign(account.metrics, { requestCount, replayCount });
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, each) => total + each, 0);
}
