import { inspect } from 'node:util';
import t from 'tap';
import { readTokenAnswer } from '../../../src/token/sources/token-answer.ts';
import type { Token } from '../../../src/token/token.ts';
import { failureOf, LIFE, MINUTE, started, WINDOW } from './bench.ts';

t.test('no token is in any line of the log, whatever happens to it', async (t) => {
  for (const api of ['token', 'stable_token'] as const) {
    const made = await started({ api, keepFresh: true });
    const { clock, manager, wechat, log } = made;
    const seen = new Set<string>([made.first.value]);
    const failures: unknown[] = [];
    const call = async (work: Promise<Token | string> | Token): Promise<void> => {
      try {
        const answer = await clock.until(Promise.resolve(work));
        if (typeof answer === 'object') seen.add(answer.value);
      } catch (error) {
        failures.push(error);
      }
    };
    wechat.rotate();
    await call(manager.rejected(manager.usable!));
    manager.replayed(manager.usable!, 'rejected');
    await call(manager.rejected(manager.usable!));
    wechat.tokens.revoke('kept');
    await clock.advance(MINUTE);
    await call(manager.rejected(manager.usable!));
    await call(manager.rejected(manager.usable!));
    await call(manager.requested(undefined));
    await clock.advance(LIFE - WINDOW);
    const { value } = manager.usable!;
    wechat.answer = () =>
      readTokenAnswer(200, `{"errcode":-1,"errmsg":"access_token ${value} is busy"}`);
    await call(manager.rejected(manager.usable!));
    await clock.advance(LIFE);
    await call(manager.get());
    t.ok(log.length > 5, `${log.length} lines`);
    t.ok(seen.size >= 2);
    for (const token of seen) t.notOk(log.join('').includes(token), `${api}: in the log`);
    t.ok(failures.length > 0);
    t.notOk(inspect(manager, { depth: 9, showHidden: true }).includes(value), 'nor in the manager');
    t.notOk(JSON.stringify([manager, manager.status]).includes(value), 'nor in its status');
  }
});

t.test('what WeChat says of a refusal is shown without a credential in it', (t) => {
  const token = `90_${'a1B2-_'.repeat(24)}`;
  const secret = '0123456789abcdef0123456789abcdef';
  const errmsg = `invalid: /cgi-bin/token?grant_type=x&secret=${secret}&access_token=${token}, was ${token}; {"secret": "${secret}"} rid: 1-2-3`;
  const error = failure(200, JSON.stringify({ errcode: 40013, errmsg }));
  const shown = inspect(error, { depth: 9, showHidden: true });
  t.notOk(shown.includes(token));
  t.notOk(shown.includes(secret));
  t.match(shown, '40013');
  t.match(shown, 'rid: 1-2-3');
  t.end();
});

t.test('a body that cannot be read is not quoted', (t) => {
  const token = `90_${'a1B2-_'.repeat(24)}`;
  for (const body of [token, `{"access_token":"${token}"`, `["${token}"]`, `"${token}"`]) {
    const error = failure(200, body);
    t.notOk(
      inspect(error, { depth: 9, showHidden: true }).includes(token.slice(3)),
      body.slice(0, 9),
    );
  }
  t.end();
});

t.test('a turned away caller is told no token', async (t) => {
  const { clock, manager, wechat, first } = await started();
  wechat.answer = () => readTokenAnswer(200, `{"errcode":40001,"errmsg":"${first.value} is bad"}`);
  await clock.advance(LIFE);
  const error = await failureOf(clock.until(Promise.resolve(manager.get())));
  t.match(error.message, '40001');
  t.notOk(inspect(error, { depth: 9, showHidden: true }).includes(first.value));
});

function failure(status: number, body: string): Error {
  try {
    readTokenAnswer(status, body);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was taken for a token');
}
