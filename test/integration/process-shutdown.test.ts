import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { delimiter, dirname } from 'node:path';
import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { ROOT, serverAndSimulator, startProgram, startServer } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { call } from './app.ts';

t.jobs = 2;

t.test('SIGTERM: not ready, a request in flight ends well, then exit code 0', async (t) => {
  const { simulator, server } = await serverAndSimulator(t);
  simulator.fault({ kind: 'hold', path: '/wxa/slow' });
  const slow = call(`${server.url}/wxa/slow`);
  await until(() => simulator.state().held === 1, 'the request is in flight');

  server.kill('SIGTERM');
  await until(async () => (await call(`${server.admin}/readyz`)).status === 503, 'not ready');
  await until(async () => {
    const refused = call(`${server.url}/wxa/new`).then(() => false);
    return refused.catch(() => true);
  }, 'nothing new is accepted');
  t.equal((await call(`${server.admin}/healthz`)).status, 200, 'alive as long as it works');
  simulator.release();

  t.match((await slow).json, { errcode: 0, echo: { path: '/wxa/slow' } });
  const { code, signal, stdout, stderr } = await server.exited;
  t.equal(code, 0);
  t.equal(signal, null);
  t.match(stdout, /"msg":"stopped"\}\n$/, 'the last line of the log is not lost');
  t.equal(stderr, '');
});

t.test('SIGTERM while an app is slow to read a long answer: it gets all of it', async (t) => {
  const { server } = await serverAndSimulator(t);
  const lengthBytes = 20_000_000;
  const path = `/cgi-bin/media/get?media_id=m&bytes=${lengthBytes}`;
  const [answer] = (await once(get(server.url + path), 'response')) as [IncomingMessage];
  server.kill('SIGTERM');
  await until(async () => (await call(`${server.admin}/readyz`)).status === 503, 'not ready');
  let receivedBytes = 0;
  for await (const chunk of answer) receivedBytes += (chunk as Buffer).length;
  t.equal(receivedBytes, lengthBytes);
  t.equal((await server.exited).code, 0);
});

t.test('SIGTERM during the first token call: called off, and nothing to complain of', async (t) => {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  simulator.fault({ kind: 'hold', path: '/cgi-bin/stable_token' });
  const server = await startServer(t, { WXPROXY_UPSTREAM: simulator.url });
  await until(() => simulator.state().held === 1, 'it asks for its first token');
  server.kill('SIGTERM');
  const { code, stdout, stderr } = await server.exited;
  t.equal(code, 0);
  t.match(stdout, /"msg":"stopped"\}\n$/, 'the last line of the log');
  t.notMatch(stdout, /"level":"(?:error|fatal)"/);
  t.equal(stderr, '');
});

t.test('SIGTERM to what npm starts: no shell is in between that would end alone', async (t) => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
    scripts: { start: string; demo: string; simulate: string };
  };
  t.equal(scripts.demo, `${scripts.start} demo`);
  t.equal(scripts.simulate, `${scripts.start} simulate`);
  // The demo: if it were left behind, it would end by itself.
  const program = startProgram(t, [scripts.demo], {
    node: 'sh',
    main: '-c',
    cwd: ROOT,
    env: { PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` },
  });
  await until(() => program.stdout !== '', 'it has begun');
  program.kill('SIGTERM');
  const { code, signal } = await program.exited;
  t.strictSame({ code, signal }, { code: 1, signal: null }, 'it was the program that ended');
});

t.test('a second signal ends it at once', async (t) => {
  const { simulator, server } = await serverAndSimulator(t);
  simulator.fault({ kind: 'hold', path: '/wxa/slow' });
  const slow = call(`${server.url}/wxa/slow`).then(
    () => 'answered',
    () => 'cut',
  );
  await until(() => simulator.state().held === 1, 'the request is in flight');
  server.kill('SIGTERM');
  await until(async () => (await call(`${server.admin}/readyz`)).status === 503, 'not ready');
  server.kill('SIGINT');
  t.equal((await server.exited).code, 1);
  t.equal(await slow, 'cut');
});

t.test('what takes longer than the drain timeout is cut off, and the log says so', async (t) => {
  const { simulator, server } = await serverAndSimulator(t, { WXPROXY_DRAIN_TIMEOUT: '100ms' });
  simulator.fault({ kind: 'hang', path: '/wxa/slow' });
  const slow = call(`${server.url}/wxa/slow`).then(
    () => 'answered',
    () => 'cut',
  );
  await simulator.until((requests) => requests.some(({ url }) => url.startsWith('/wxa/slow')));
  server.kill('SIGTERM');
  const { code, stdout } = await server.exited;
  t.equal(code, 0);
  t.equal(await slow, 'cut');
  t.match(stdout, /"level":"warn".*the drain timeout is over/);
});
