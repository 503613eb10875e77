import t from 'tap';
import { DEMO_ACCOUNT } from '../../../src/simulator/demo-account.ts';
import { desk, exchange } from './client.ts';

const { appid } = DEMO_ACCOUNT;

t.test('the control path tells what it can do', async (t) => {
  const { get } = await desk(t);
  const { json } = await get('/__simulator');
  t.ok(Object.hasOwn(json['controls'] as object, 'POST /__simulator/rotate'));
  t.type((json['faults'] as Record<string, unknown>)['hang'], 'string');
});

t.test('a rotation by curl, which sends no length, takes the token away', async (t) => {
  const { simulator, stableToken, errcodeWith } = await desk(t);
  const token = await stableToken();
  const reply = await exchange(
    simulator,
    'POST /__simulator/rotate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  );
  t.match(reply, /^HTTP\/1\.1 200 /);
  t.equal(await errcodeWith(token), 40001);
  t.not(await stableToken(), token);
});

t.test('a rotation through the other token API leaves the stable token alone', async (t) => {
  const { post, stableToken, classicToken, errcodeWith, clock } = await desk(t);
  const stable = await stableToken();
  const classic = await classicToken();
  await post('/__simulator/rotate', { via: 'token', appid });
  t.equal(await errcodeWith(classic), 0, 'during the overlap');
  clock.now += 300_000;
  t.equal(await errcodeWith(classic), 40001);
  t.equal(await errcodeWith(stable), 0);
});

t.test('everything can be done over HTTP', async (t) => {
  const { get, post, simulator, classicToken, errcodeWith } = await desk(t);
  const control = async (name: string, body: unknown = {}): Promise<void> => {
    t.same((await post(`/__simulator/${name}`, body)).json, { ok: true }, name);
  };
  const token = await classicToken();
  await control('reject', { errcode: 42001 });
  t.equal(await errcodeWith(token), 42001);
  await control('refuse-tokens');
  t.equal(await classicToken(), 'undefined');
  await control('fault', { kind: 'server-error', path: '/x' });
  t.equal((await get('/x')).status, 500);
  await control('revoke', { mode: 'expired' });
  t.equal(await errcodeWith(token), 42001);
  await control('rules', { lifetimeMs: 60_000, tokenPerDay: null });
  t.equal(simulator.state().rules.lifetimeMs, 60_000);
  await control('secret', { appid, appsecret: 'new' });
  t.equal(await classicToken(), 'undefined');
  await control('close-idle');
  await control('release');
  t.match((await get('/__simulator/counts')).json, { tokenCalls: 3 });
  t.match((await get('/__simulator/state')).json, { accounts: { [appid]: Object }, faults: [] });
  const requests: unknown = (await get('/__simulator/requests')).json;
  t.equal((requests as unknown[]).length, simulator.requests.length);
  await control('reset', { what: 'counts' });
  await control('reset');
  t.type(await classicToken(), 'string');
});

t.test('what cannot be done is refused with the reason', async (t) => {
  const { get, post } = await desk(t);
  for (const [name, body, error] of [
    ['rotate', { vai: 'token' }, /^vai: no such field; fields here: appid, via$/],
    ['rotate', { via: 'x' }, /^via: one of stable_token, token$/],
    ['rotate', { appid: 'wx0' }, /^appid: no such account/],
    ['revoke', { mode: 'x' }, /^mode: /],
    ['reject', { count: 1.5 }, /^count: /],
    ['reject', { errcode: 0 }, /^errcode: /],
    ['rules', { lifetimeMs: 'x', ipRefused: 1 }, /^lifetimeMs: .*; ipRefused: /],
    ['rules', { lifetimeMs: null }, /^lifetimeMs: /],
    ['rules', { encoding: 'zip' }, /^encoding: /],
    ['secret', { appid }, /^appsecret: /],
    ['reset', { what: 'x' }, /^what: /],
    ['release', '[]', /^the body: a JSON object$/],
    ['release', '{', /^the body: a JSON object$/],
  ] as const) {
    const reply = await post(`/__simulator/${name}`, body);
    t.equal(reply.status, 400);
    t.match(reply.json['error'], error);
  }
  t.equal((await get('/__simulator/rotate')).status, 404);
  t.equal((await post('/__simulator/nothing', {})).status, 404);
});

t.test('the control path is no WeChat: not counted, not logged, no victim of faults', async (t) => {
  const { get, simulator } = await desk(t);
  simulator.fault({ kind: 'server-error' });
  t.equal((await get('/__simulator/counts')).status, 200);
  t.equal(simulator.requests.length, 0);
  t.equal(simulator.counts.apiCalls, 0);
});
