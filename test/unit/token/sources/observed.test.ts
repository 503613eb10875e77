import t from 'tap';
import { observed } from '../../../../src/token/sources/observed.ts';
import { TokenCallError, type TokenSource } from '../../../../src/token/sources/source.ts';

const REQUEST = { force: false };

/** What is told of one call that fails, or not. */
async function told(failure: Error | undefined, name: TokenSource['name'] = 'stable_token') {
  const calls: unknown[] = [];
  const source: TokenSource = {
    name,
    rotates: false,
    canForce: true,
    fetch: () =>
      failure === undefined
        ? Promise.resolve({ value: 'made-up', expiresInMs: 1 })
        : Promise.reject(failure),
  };
  const watched = observed(source, (failed) => calls.push(failed ?? 'answered'));
  const outcome = await watched.fetch(REQUEST).catch((error: unknown) => error);
  return { calls, outcome, watched };
}

t.test('a token is an answer, and so is a refusal in WeChat’s words', async (t) => {
  t.strictSame((await told(undefined)).calls, ['answered']);
  for (const reason of ['refused', 'quota', 'busy'] as const) {
    const error = new TokenCallError(reason, 'any', { errcode: 40164 });
    const { calls, outcome } = await told(error);
    t.strictSame(calls, ['answered'], reason);
    t.equal(outcome, error, 'and the caller gets it as it was');
  }
});

t.test('no answer, or none of use, is told with its reason', async (t) => {
  for (const reason of ['network', 'timeout', 'bad_response'] as const) {
    t.strictSame((await told(new TokenCallError(reason, 'any'))).calls, [reason]);
  }
});

t.test(
  'an AppSecret that is missing says nothing of WeChat; a peer refuses by status',
  async (t) => {
    const refused = new TokenCallError('refused', 'there is no AppSecret');
    t.strictSame((await told(refused)).calls, []);
    t.strictSame((await told(refused, 'peer')).calls, ['answered']);
    t.strictSame((await told(new Error('a fault of ours'))).calls, []);
  },
);

t.test('it is the same source otherwise', async (t) => {
  const { watched } = await told(undefined);
  t.match(watched, { name: 'stable_token', rotates: false, canForce: true });
});
