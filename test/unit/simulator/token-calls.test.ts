import t from 'tap';
import { DEMO_ACCOUNT } from '../../../src/simulator/demo-account.ts';
import { CREDENTIALS, desk, stableBody, TOKEN_CALL } from './client.ts';

const { appid, appsecret } = DEMO_ACCOUNT;
const RID = / rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/;

t.test('a token answer is text/plain, HTTP 200, without an errcode', async (t) => {
  const { get } = await desk(t);
  const reply = await get(TOKEN_CALL);
  t.equal(reply.status, 200);
  t.equal(reply.headers['content-type'], 'text/plain');
  t.same(Object.keys(reply.json), ['access_token', 'expires_in']);
  t.equal(reply.json['expires_in'], 7_200);
});

t.test('the credentials of /cgi-bin/token may come by POST, as query, form or JSON', async (t) => {
  const { post } = await desk(t);
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const inForm = `grant_type=client_credential&${CREDENTIALS}`;
  const inJson = { grant_type: 'client_credential', appid, secret: appsecret };
  t.type((await post(TOKEN_CALL, '')).json['access_token'], 'string');
  t.type((await post('/cgi-bin/token', inForm, form)).json['access_token'], 'string');
  t.type((await post('/cgi-bin/token', inJson)).json['access_token'], 'string');
});

t.test('each wrong credential has the errcode and the words of WeChat', async (t) => {
  const { get, simulator } = await desk(t);
  const path = '/cgi-bin/token?';
  for (const [query, errcode, errmsg] of [
    [CREDENTIALS, 40002, 'invalid grant_type'],
    ['grant_type=client_credential', 41002, 'appid missing'],
    ['grant_type=client_credential&appid=wx0&secret=x', 40013, 'invalid appid'],
    [`grant_type=client_credential&appid=${appid}`, 41004, 'appsecret missing'],
    [`grant_type=client_credential&appid=${appid}&secret=x`, 40125, 'invalid appsecret'],
  ] as const) {
    const reply = await get(path + query);
    t.equal(reply.status, 200);
    t.equal(reply.headers['content-type'], 'text/plain');
    t.equal(reply.json['errcode'], errcode);
    t.match(reply.json['errmsg'], RID);
    t.ok(String(reply.json['errmsg']).startsWith(`${errmsg} rid: `));
  }
  t.equal(simulator.counts.tokenCallsRefused, 5);
});

t.test('stable_token takes nothing but a POST with JSON', async (t) => {
  const { get, post } = await desk(t);
  t.equal((await get(`/cgi-bin/stable_token?${CREDENTIALS}`)).json['errcode'], 43002);
  t.equal((await post('/cgi-bin/stable_token', 'x=1')).json['errcode'], 47001);
  t.equal((await post('/cgi-bin/stable_token', '[]')).json['errcode'], 47001);
  const wrong = { ...stableBody(), secret: 'x' };
  t.equal((await post('/cgi-bin/stable_token', wrong)).json['errcode'], 40125);
});

t.test('over the quota comes 45009, a day later a token again', async (t) => {
  const { get, simulator, clock } = await desk(t, { rules: { tokenPerDay: 2 } });
  await get(TOKEN_CALL);
  await get(TOKEN_CALL);
  const refused = (await get(TOKEN_CALL)).json;
  t.equal(refused['errcode'], 45009);
  t.match(refused['errmsg'], /^reach max api daily quota limit rid: /);
  clock.now += 86_400_000;
  t.type((await get(TOKEN_CALL)).json['access_token'], 'string');
  simulator.set({ tokenPerDay: null, tokenPerMinute: 0 });
  t.equal((await get(TOKEN_CALL)).json['errcode'], 45011);
});

t.test('an IP outside of the whitelist is named in the refusal', async (t) => {
  const { get, simulator } = await desk(t);
  simulator.set({ ipRefused: true });
  const refused = (await get(TOKEN_CALL)).json;
  t.equal(refused['errcode'], 40164);
  t.match(refused['errmsg'], /^invalid ip 127\.0\.0\.1, not in whitelist rid: /);
  simulator.set({ ipRefused: false });
  t.type((await get(TOKEN_CALL)).json['access_token'], 'string');
});

t.test('busy answers −1 to as many token calls as asked for, and costs no token', async (t) => {
  const { get, simulator, classicToken, errcodeWith } = await desk(t);
  const token = await classicToken();
  simulator.refuseTokens({ count: 2 });
  t.equal((await get(TOKEN_CALL)).json['errcode'], -1);
  t.equal((await get(TOKEN_CALL)).json['errcode'], -1);
  t.equal(simulator.state().accounts[appid]?.token.issued, 1);
  t.equal(await errcodeWith(token), 0);
  t.type((await get(TOKEN_CALL)).json['access_token'], 'string');
});

t.test('a new AppSecret makes the old one wrong', async (t) => {
  const { get, simulator } = await desk(t);
  simulator.setSecret(appid, 'another');
  t.equal((await get(TOKEN_CALL)).json['errcode'], 40125);
});

t.test('token calls are counted by account and kind', async (t) => {
  const { get, simulator, classicToken, stableToken } = await desk(t, {
    accounts: { [appid]: appsecret, wx2: 'two' },
  });
  await classicToken();
  await stableToken();
  await stableToken();
  await stableToken(true);
  await get('/cgi-bin/token?grant_type=client_credential&appid=wx2&secret=wrong');
  await get('/cgi-bin/token?grant_type=client_credential&appid=unknown&secret=wrong');
  const { accounts, tokenCalls, tokenCallsRefused } = simulator.counts;
  t.same(accounts, {
    [appid]: { token: 1, stableNormal: 2, stableForced: 1 },
    wx2: { token: 1, stableNormal: 0, stableForced: 0 },
  });
  t.equal(tokenCalls, 6);
  t.equal(tokenCallsRefused, 2);
});
