import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { figure } from '../helpers/figures.ts';
import { startServer, type ServerProcess, type Variables } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { failures, Traffic, type Outgoing } from './traffic.ts';

const ROUNDS = 2;
const APPS = 40;

t.jobs = 2;

t.test('kill -9 under load with a file store: no token call after the restart', async (t) => {
  const simulator = await simulated(t);
  const folder = newFolder(t);
  const socket = join(folder, 'proxy.sock');
  const env = {
    WXPROXY_TOKEN_API: 'token',
    WXPROXY_TOKEN_STORE: `file:${join(folder, 'tokens.json')}`,
    WXPROXY_LISTEN: `unix:${socket}`,
  };
  const { failed, answered } = await killedAndRestarted(t, simulator, env);
  t.strictSame(failed, []);
  t.ok(existsSync(socket), 'the socket file that each left behind was no obstacle');
  t.equal(simulator.counts.tokenCalls, 1);
  t.equal(simulator.counts.rejectedCalls, 0);
  figure(
    'token calls after restarts from kill -9, file store',
    simulator.counts.tokenCalls - 1,
    `in ${ROUNDS} restarts`,
  );
  t.ok(answered > ROUNDS * APPS);
});

t.test(
  'kill -9 under load with the store in memory: stable_token gives the same token back',
  async (t) => {
    const simulator = await simulated(t);
    const { failed, answered } = await killedAndRestarted(t, simulator, {});
    t.strictSame(failed, []);
    t.equal(simulator.counts.tokenCalls, 1 + ROUNDS, 'one for each start');
    const tokens = new Set(
      simulator.requests.flatMap(({ url }) => /access_token=([^&]+)/.exec(url)?.[1] ?? []),
    );
    t.equal(tokens.size, 1, 'and no other token than the first was ever used');
    t.equal(simulator.counts.rejectedCalls, 0);
    figure(
      'requests failed after restarts from kill -9, memory store',
      failed.length,
      `of ${answered}`,
    );
  },
);

/** @returns what failed while the proxy was there, and how many requests were answered */
async function killedAndRestarted(t: Test, simulator: Simulator, env: Variables) {
  const failed: string[] = [];
  let answered = 0;
  let cut = 0;
  const serve = async (): Promise<ServerProcess> => {
    const server = await startServer(t, { WXPROXY_UPSTREAM: simulator.url, ...env });
    await until(() => server.stdout.includes('token refreshed'), 'it has a token');
    return server;
  };
  for (let round = 0; round <= ROUNDS; round++) {
    const server = await serve();
    const agent = new Agent({ keepAlive: true });
    t.teardown(() => agent.destroy());
    const traffic = new Traffic(server.url, { apps: APPS, next: nextRequest, pauseMs: 2 }, agent);
    await until(() => traffic.sent.length > 3 * APPS, 'the load is on');
    const before = traffic.sent.length;
    server.kill('SIGKILL');
    const sent = await traffic.stop();
    await server.exited;
    failed.push(...failures(sent.slice(0, before)));
    // Those under way at the moment of death end in an error, never in half an answer that looks whole.
    failed.push(...failures(sent.slice(before).filter(({ outcome }) => outcome === 'whole')));
    answered += sent.filter(({ outcome }) => outcome === 'whole').length;
    cut += sent.filter(({ outcome }) => outcome !== 'whole').length;
  }
  t.ok(cut > 0, `${cut} requests met the kill`);
  return { failed, answered };
}

async function simulated(t: Test): Promise<Simulator> {
  const simulator = await startSimulator({ loggedRequests: 100_000 });
  t.teardown(() => simulator.stop());
  simulator.fault({ kind: 'delay', delayMs: 50, path: '/wxa/slow', count: 'forever' });
  return simulator;
}

function nextRequest(app: number): Outgoing {
  if (app % 3 === 0) return { path: '/wxa/slow' };
  if (app % 3 === 1) return { path: '/cgi-bin/media/get?media_id=m&bytes=200000' };
  return { method: 'POST', path: '/wxa/order', body: 'x'.repeat(2048) };
}

function newFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'wxproxy-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
