import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import t from 'tap';
import { Faults, type Fault } from '../../../src/simulator/faults.ts';
import { desk, dial, exchange, TOKEN_CALL } from './client.ts';

const API = { path: '/cgi-bin/getcallbackip', reused: false };

t.test('a fault is used on as many matching requests as asked for', async (t) => {
  const faults = new Faults();
  faults.add({ kind: 'hang', count: 2 });
  t.equal(faults.take(API)?.kind, 'hang');
  t.equal(faults.take(API)?.kind, 'hang');
  t.equal(faults.take(API), undefined);
});

t.test('a fault goes by path, by token call and by reuse of the connection', async (t) => {
  const faults = new Faults();
  faults.add({ kind: 'cut', path: '/wxa/*' });
  faults.add({ kind: 'html', tokenCalls: true });
  faults.add({ kind: 'reset', reused: true });
  t.equal(faults.take(API), undefined);
  t.equal(faults.take({ path: '/wxa/x', reused: true })?.kind, 'cut');
  t.equal(faults.take({ path: '/cgi-bin/stable_token', reused: false })?.kind, 'html');
  t.equal(faults.take({ ...API, reused: true })?.kind, 'reset');
  t.equal(faults.list().length, 0);
});

t.test('a fault lets as many matching requests pass as asked for', async (t) => {
  const faults = new Faults();
  faults.add({ kind: 'reset', skip: 1 });
  t.equal(faults.take(API), undefined);
  t.equal(faults.take(API)?.kind, 'reset');
});

t.test('a fault that cannot be is refused when it is asked for', async (t) => {
  for (const [fault, field] of [
    [{ kind: 'explode' }, 'kind'],
    [{ kind: 'hang', count: 0 }, 'count'],
    [{ kind: 'hang', skip: -1 }, 'skip'],
    [{ kind: 'hang', path: 'wxa' }, 'path'],
    [{ kind: 'delay' }, 'delayMs'],
    [{ kind: 'answer', status: 99 }, 'status'],
    [{ kind: 'answer', headers: { 'a b': 'c' } }, 'headers'],
    [{ kind: 'answer', headers: { a: 1 } }, 'headers'],
  ] as const) {
    const add = (): void => new Faults().add(fault as unknown as Fault);
    t.throws(add, { name: 'RangeError', message: new RegExp(`^${field}: `) });
  }
});

t.test('hang never answers, and the log shows when the client goes', async (t) => {
  const { simulator } = await desk(t);
  simulator.fault({ kind: 'hang' });
  const socket = dial(simulator, 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n');
  await simulator.until((requests) => requests[0]?.bodyBytes === 0);
  t.equal(simulator.requests[0]?.end, 'open');
  socket.destroy();
  await simulator.until((requests) => requests[0]?.end === 'aborted');
});

t.test('held answers go out all together when they are released', async (t) => {
  const { simulator, get } = await desk(t);
  simulator.fault({ kind: 'hold', tokenCalls: true, count: 3 });
  const replies = [get(TOKEN_CALL), get(TOKEN_CALL), get(TOKEN_CALL)];
  await simulator.until((requests) => requests.length === 3);
  t.equal(simulator.state().held, 3);
  simulator.release();
  for (const reply of await Promise.all(replies)) t.type(reply.json['access_token'], 'string');
  t.equal(simulator.state().held, 0);
});

t.test('a delayed answer is the real one, later', async (t) => {
  const { simulator, get } = await desk(t);
  simulator.fault({ kind: 'delay', delayMs: 30 });
  const begun = performance.now();
  t.type((await get(TOKEN_CALL)).json['access_token'], 'string');
  t.ok(performance.now() - begun >= 29);
});

t.test('a reset before the head comes after the call was carried out', async (t) => {
  const { simulator, get } = await desk(t);
  simulator.fault({ kind: 'reset' });
  await t.rejects(get(TOKEN_CALL), { code: 'ECONNRESET' });
  t.equal(Object.values(simulator.state().accounts)[0]?.token.issued, 1);
});

t.test('an early reset does nothing of what was asked', async (t) => {
  const { simulator, post } = await desk(t);
  simulator.fault({ kind: 'reset', early: true });
  await t.rejects(post(TOKEN_CALL, 'x'), { code: 'ECONNRESET' });
  t.equal(Object.values(simulator.state().accounts)[0]?.token.issued, 0);
  t.equal(simulator.requests[0]?.bodyBytes, undefined);
});

t.test('a reset after the head shows the status, then breaks', async (t) => {
  const { simulator } = await desk(t);
  simulator.fault({ kind: 'reset-after-head' });
  const res = await open(simulator.port, TOKEN_CALL);
  t.equal(res.statusCode, 200);
  await t.rejects(once(res.resume(), 'end'), { code: 'ECONNRESET' });
});

t.test('a cut answer has its full Content-Length and half of its body', async (t) => {
  const { simulator } = await desk(t);
  simulator.fault({ kind: 'cut' });
  const text = await exchange(simulator, `GET ${TOKEN_CALL} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const length = Number(/Content-Length: (\d+)/.exec(head)?.[1]);
  t.ok(length > 150);
  t.equal(body.length, Math.floor(length / 2));
});

t.test('a streamed answer is cut in its middle too', async (t) => {
  const { simulator, classicToken } = await desk(t);
  const path = `/cgi-bin/media/get?bytes=300000&access_token=${await classicToken()}`;
  simulator.fault({ kind: 'cut' });
  const res = await open(simulator.port, path);
  let received = 0;
  res.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  await t.rejects(once(res, 'end'), { code: 'ECONNRESET' });
  t.equal(received, 150_000);
});

t.test('a slow answer comes a byte at a time, and whole', async (t) => {
  const { simulator } = await desk(t);
  simulator.fault({ kind: 'slow', everyMs: 1 });
  const res = await open(simulator.port, '/cgi-bin/getcallbackip');
  const chunks: Buffer[] = [];
  res.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(res, 'end');
  t.match(JSON.parse(Buffer.concat(chunks).toString()), { errcode: 41001 });
  t.ok(chunks.length > 20, `${chunks.length} segments`);
});

t.test('the other faults answer something else, and do nothing of what was asked', async (t) => {
  const { simulator, get } = await desk(t);
  simulator.fault({ kind: 'server-error' });
  simulator.fault({ kind: 'html' });
  simulator.fault({ kind: 'empty' });
  simulator.fault({
    kind: 'answer',
    status: 503,
    headers: { 'X-A': ['1', '2'], 'content-type': 'a/b' },
    bodyBase64: Buffer.from([0, 255]).toString('base64'),
  });
  t.match(await get(TOKEN_CALL), { status: 500, body: Buffer.alloc(0) });
  const html = await get(TOKEN_CALL);
  t.match(html, { status: 200, headers: { 'content-type': 'text/html' } });
  t.ok(html.body.includes('<html>'));
  t.match(await get(TOKEN_CALL), { status: 200, headers: { 'content-length': '0' } });
  const own = await get(TOKEN_CALL);
  t.match(own, { status: 503, headers: { 'x-a': '1, 2', 'content-type': 'a/b' } });
  t.same(own.body, Buffer.from([0, 255]));
  t.equal(simulator.counts.tokenCalls, 0);
  t.equal(simulator.counts.faults, 4);
});

async function open(port: number, path: string): Promise<IncomingMessage> {
  const req = request({ host: '127.0.0.1', port, path, agent: false }).end();
  // A reset under a response reaches the request as well.
  req.on('error', () => {});
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return res;
}
