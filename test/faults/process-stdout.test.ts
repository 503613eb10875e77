import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { figure } from '../helpers/figures.ts';
import { serverAndSimulator, type ServerProcess } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { cpuMs, MIB, residentBytes, SKIP } from './facts.ts';
import { send } from './traffic.ts';

t.jobs = 2;

const REQUESTS = 3000;
/** Lines that are more than a pipe takes, and less than is kept. */
const KEPT = 600;
/** Of 4 MB of lines; the log keeps 1 MiB, the formatting as much again. */
const KEPT_BYTES = 2.5 * MIB;
const EXIT_MS = 3000;

/** Each is a line of more than 1 KiB at level debug. */
const PATH = `/wxa/${'order/'.repeat(200)}`;

for (const format of ['json', 'pretty']) {
  t.test(
    `${format}: nobody reads standard output: it serves on, and ends`,
    { skip: SKIP },
    async (t) => {
      const server = await start(t, format);
      server.output.pause();
      t.equal(await served(t, server, REQUESTS), REQUESTS);
      figure('memory while nobody reads standard output', residentBytes(server.pid) / MIB, 'MiB');
      const read = server.stdout.length;
      server.output.resume();
      await delay(1000);
      const kept = server.stdout.length - read;
      t.ok(kept < KEPT_BYTES, `${kept} bytes were kept for a reader that comes back`);
      t.match(await lastLine(server), /request/, 'and it goes on to log');
      t.match(server.stdout, /log lines were dropped/, 'it says that lines are missing');
      if (format === 'json') t.equal(loggedRequests(server) + droppedLines(server), REQUESTS + 1);

      server.output.pause();
      t.equal(await served(t, server, KEPT), KEPT);
      const tookMs = await endedWithin(server);
      t.ok(tookMs < EXIT_MS, `it ended ${Math.round(tookMs)} ms after SIGTERM`);
      figure('SIGTERM to exit with standard output blocked', tookMs, 'ms');
    },
  );

  t.test(
    `${format}: standard output is closed: it serves on, and ends`,
    { skip: SKIP },
    async (t) => {
      const server = await start(t, format);
      server.output.destroy();
      const good = await served(t, server, REQUESTS);
      t.equal(good, REQUESTS);
      const fromMs = cpuMs(server.pid);
      await delay(1000);
      const spentMs = cpuMs(server.pid) - fromMs;
      t.ok(spentMs < 200, `it computed for ${spentMs} ms of a second: it does not spin`);
      const tookMs = await endedWithin(server);
      t.ok(tookMs < EXIT_MS, `it ended ${Math.round(tookMs)} ms after SIGTERM`);
      figure('requests lost to a closed standard output', REQUESTS - good, `of ${REQUESTS}`);
    },
  );
}

t.test(
  'a reader that comes back while it ends gets every line whole',
  { skip: SKIP },
  async (t) => {
    const server = await start(t, 'json');
    server.output.pause();
    t.equal(await served(t, server, KEPT), KEPT);
    server.kill('SIGTERM');
    await delay(300);
    server.output.resume();
    const { code, stdout } = await server.exited;
    t.equal(code, 0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string });
    t.equal(lines.filter(({ msg }) => msg === 'request').length, KEPT);
    t.equal(lines.at(-1)?.msg, 'stopped');
  },
);

async function start(t: Test, format: string): Promise<ServerProcess> {
  const env = { WXPROXY_LOG_LEVEL: 'debug', WXPROXY_LOG_FORMAT: format };
  return (await serverAndSimulator(t, env)).server;
}

const parsed = ({ stdout }: ServerProcess) =>
  stdout
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as { readonly msg: string; readonly lines?: number });

const loggedRequests = (server: ServerProcess): number =>
  parsed(server).filter(({ msg }) => msg === 'request').length;

/** By what the log itself says. */
const droppedLines = (server: ServerProcess): number =>
  parsed(server).reduce((sum, { lines = 0 }) => sum + lines, 0);

async function lastLine(server: ServerProcess): Promise<string> {
  const read = server.stdout.length;
  await send(server.url, { path: '/wxa/last' });
  await until(() => server.stdout.slice(read).includes('/wxa/last'), 'the line comes');
  return server.stdout.slice(read);
}

/** @returns how many of the requests got their answer */
async function served(t: Test, { url }: ServerProcess, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  t.teardown(() => agent.destroy());
  const sent = await Promise.all(
    Array.from({ length: count }, () => send(url, { path: PATH, agent })),
  );
  return sent.filter(({ status }) => status === 200).length;
}

/** @returns ms */
async function endedWithin(server: ServerProcess): Promise<number> {
  const fromMs = performance.now();
  server.kill('SIGTERM');
  while (isRunning(server.pid)) {
    if (performance.now() - fromMs > 20_000) break;
    await delay(20);
  }
  const tookMs = performance.now() - fromMs;
  server.output.resume();
  const { code, stderr } = await server.exited;
  if (code !== 0 || stderr !== '') throw new Error(`it ended with ${code}: ${stderr}`);
  return tookMs;
}

/** One that has ended and was not waited for yet counts as running: the event loop does that. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
