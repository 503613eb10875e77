import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { runProgram, SERVE_ENV, serverAndSimulator } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';

t.test('a unix socket is served, for its user and group alone', async (t) => {
  const path = newPath(t);
  const { server } = await serverAndSimulator(t, { WXPROXY_LISTEN: `unix:${path}` });
  t.equal(server.url, `unix:${path}`);
  t.match(await callThrough(path), { errcode: 0, echo: { path: '/wxa/order' } });
  t.equal(lstatSync(path).mode & 0o777, 0o660);
  server.kill('SIGTERM');
  t.equal((await server.exited).code, 0);
  t.notOk(existsSync(path), 'it is gone when the proxy is');
});

t.test('the socket file of a killed process is replaced', async (t) => {
  const path = newPath(t);
  await leaveBehind(path);
  t.ok(lstatSync(path).isSocket());
  await serverAndSimulator(t, { WXPROXY_LISTEN: `unix:${path}` });
  t.match(await callThrough(path), { errcode: 0 });
});

t.test('one that somebody still serves is not', async (t) => {
  const path = newPath(t);
  await serverAndSimulator(t, { WXPROXY_LISTEN: `unix:${path}` });
  const env = { ...SERVE_ENV, WXPROXY_LISTEN: `unix:${path}` };
  const { code, stderr } = await runProgram(t, [], { env });
  t.equal(code, 1);
  t.match(stderr, `cannot start: ${path} is in use, `);
  t.match(stderr, 'set WXPROXY_LISTEN to another address');
  t.match(await callThrough(path), { errcode: 0 }, 'the first one goes on');
});

function newPath(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'wxproxy-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'proxy.sock');
}

async function callThrough(socketPath: string): Promise<unknown> {
  const req = get({ socketPath, path: '/wxa/order', host: 'localhost' });
  const [answer] = (await once(req, 'response')) as [IncomingMessage];
  return json(answer);
}

async function leaveBehind(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)})`;
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await until(() => existsSync(path), 'the socket is there');
  child.kill('SIGKILL');
  await ended;
}
