import { once } from 'node:events';
import { request as tlsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { selfSigned } from './certificate.ts';
import { desk, dial, exchange, TOKEN_CALL } from './client.ts';

t.test('stopping closes every connection at once, even under a hanging request', async (t) => {
  const { simulator } = await desk(t);
  simulator.fault({ kind: 'hang' });
  const busy = dial(simulator, 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n');
  const silent = dial(simulator, '');
  const closed = Promise.all([once(busy, 'close'), once(silent, 'close')]);
  await simulator.until((requests) => requests.length === 1);
  await simulator.stop();
  await closed;
  await simulator.stop();
});

t.test('who awaits requests is told when the simulator stops', async (t) => {
  const { simulator } = await desk(t);
  const waiting = t.rejects(
    simulator.until(() => false),
    /stopped/,
  );
  await simulator.stop();
  await waiting;
});

t.test('a taken port is an error of the start', async (t) => {
  const { simulator } = await desk(t);
  await t.rejects(startSimulator({ port: simulator.port }), { code: 'EADDRINUSE' });
});

t.test('a rule out of range is an error of the start', async (t) => {
  await t.rejects(startSimulator({ lifetimeMs: 0 }), /lifetimeMs/);
  await t.rejects(startSimulator({ rules: { forcePerDay: -1 } }), /forcePerDay/);
});

t.test('two simulators in one process know nothing of each other', async (t) => {
  const one = await desk(t);
  const two = await desk(t);
  const token = await one.classicToken();
  t.equal(await two.errcodeWith(token), 40001);
  t.equal(one.simulator.counts.apiCalls, 0);
});

t.test('the log shows the bytes of the request and which connection it came over', async (t) => {
  const { simulator } = await desk(t);
  const post = 'POST /a%2Fb?x=%zz&&y HTTP/1.1\r\nHOST: h\r\nX-Twice: 1\r\nx-twice: 2\r\n';
  await exchange(
    simulator,
    `${post}Content-Length: 2\r\n\r\n{}GET /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
  );
  await exchange(simulator, 'GET /d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  const [first, second, third] = simulator.requests;
  t.match(first, { method: 'POST', url: '/a%2Fb?x=%zz&&y', bodyText: '{}', bodyBytes: 2 });
  const rawHeaders = ['HOST', 'h', 'X-Twice', '1', 'x-twice', '2', 'Content-Length', '2'];
  t.same(first?.rawHeaders, rawHeaders);
  t.match(second, { number: 2, socket: first?.socket, onSocket: 2, end: 'answered' });
  t.match(third, { number: 3, onSocket: 1 });
  t.not(third?.socket, first?.socket);
});

t.test('the log keeps the last requests only', async (t) => {
  const { simulator, get } = await desk(t, { loggedRequests: 3 });
  for (const path of ['/1', '/2', '/3', '/4', '/5']) await get(path);
  t.same(
    simulator.requests.map(({ url }) => url),
    ['/3', '/4', '/5'],
  );
});

t.test(
  'an idle connection is closed after the keep-alive time, which is not announced',
  async (t) => {
    const { simulator } = await desk(t, { keepAliveTimeoutMs: 20 });
    const answer = await exchange(simulator, 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n');
    t.match(answer, /^HTTP\/1\.1 200 OK\r\n.*Connection: keep-alive\r\n/s);
    t.notMatch(answer, /keep-alive: timeout/i);
  },
);

t.test('idle connections can be closed at will', async (t) => {
  const { simulator } = await desk(t);
  const socket = dial(simulator, 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  await simulator.until((requests) => requests[0]?.end === 'answered');
  const closed = once(socket.resume(), 'close');
  simulator.closeIdle();
  await closed;
});

t.test('reset begins anew: rules, tokens, scripts, counts and log', async (t) => {
  const { simulator, classicToken, errcodeWith } = await desk(t);
  const token = await classicToken();
  simulator.set({ ipRefused: true });
  simulator.reject({ count: 'forever' });
  simulator.refuseTokens({ count: 'forever' });
  simulator.fault({ kind: 'hang', count: 'forever' });
  simulator.setSecret('wx2', 'two');
  simulator.reset();
  t.equal(simulator.requests.length, 0);
  t.equal(simulator.counts.tokenCalls, 0);
  t.equal(await errcodeWith(token), 40001);
  t.equal(await errcodeWith(await classicToken()), 0);
  t.same(Object.keys(simulator.state().accounts), Object.keys(simulator.counts.accounts));
});

t.test('a reset of the counts leaves the tokens alone', async (t) => {
  const { simulator, classicToken, errcodeWith } = await desk(t);
  const token = await classicToken();
  simulator.reset('counts');
  t.equal(simulator.counts.tokenCalls, 0);
  t.equal(simulator.requests.length, 0);
  t.equal(await errcodeWith(token), 0);
});

t.test('with a certificate it speaks https, and can reset there too', async (t) => {
  const tls = selfSigned();
  const { simulator } = await desk(t, { tls });
  t.match(simulator.url, /^https:\/\/127\.0\.0\.1:\d+$/);
  const open = async (): Promise<IncomingMessage> => {
    const req = tlsRequest(simulator.url + TOKEN_CALL, { ca: tls.cert, agent: false }).end();
    // A reset under a response reaches the request as well.
    req.on('error', () => {});
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    return res;
  };
  t.match(await text(await open()), /"access_token"/);
  simulator.fault({ kind: 'reset' });
  await t.rejects(open(), { code: 'ECONNRESET' });
  simulator.fault({ kind: 'reset-after-head' });
  const broken = await open();
  await t.rejects(text(broken), { code: 'ECONNRESET' });
});
