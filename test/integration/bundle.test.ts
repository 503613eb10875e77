import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { ROOT, runProgram, SERVE_ENV, startProgram } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

/** The bundle alone: no package.json and no node_modules anywhere above it. */
function bundled(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'wxproxy-bundle-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  execFileSync(process.execPath, [`${ROOT}/scripts/bundle.ts`, join(folder, 'dist')]);
  return join(folder, 'dist');
}

t.test('the bundle runs wherever it lies', async (t) => {
  const dist = bundled(t);
  const main = join(dist, 'cli.js');
  const { version, dependencies } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };

  t.test('it is the whole program', async (t) => {
    const exit = await runProgram(t, ['--version'], { main });
    t.strictSame([exit.code, exit.stdout, exit.stderr], [0, `${version}\n`, '']);
    const demo = await runProgram(t, ['demo'], { main });
    t.equal(demo.code, 0, 'every statement of the demo holds');
    t.equal(demo.stderr, '');
  });

  t.test('it holds what only some settings need: Redis, the pretty log, the page', async (t) => {
    const redis = await startRedis(t);
    if (redis === undefined) return;
    const simulator = await startSimulator();
    t.teardown(() => simulator.stop());
    const env = {
      ...SERVE_ENV,
      WXPROXY_UPSTREAM: simulator.url,
      WXPROXY_TOKEN_STORE: redis.url,
      WXPROXY_LOG_FORMAT: 'pretty',
    };
    const server = startProgram(t, [], { main, env });
    await until(() => server.stdout.includes('token refreshed'), 'it has a token');
    const [admin = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(server.stdout) ?? [];
    t.match(await (await fetch(`${admin}/`)).text(), /<!doctype html>/i);
    const client = await redis.client();
    t.ok((await client.keys('*')).length > 0, 'the token is in Redis');
    server.kill('SIGTERM');
    const exit = await server.exited;
    t.strictSame([exit.code, exit.stderr], [0, '']);
  });

  t.test('what is rarely needed is not read at every start', async (t) => {
    const files = readdirSync(dist);
    for (const name of ['redis', 'pino-pretty', 'demo', 'simulate']) {
      t.ok(
        files.some((file) => file.startsWith(`${name}-`)),
        name,
      );
    }
  });

  t.test('it carries the notices of every package in it', async (t) => {
    const notices = readFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const [name, at] of Object.entries(dependencies))
      t.ok(notices.includes(`\n${name} ${at}\n`), name);
  });
});
