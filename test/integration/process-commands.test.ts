import { writeFileSync } from 'node:fs';
import t from 'tap';
import { version } from '../../src/version.ts';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { runProgram, SERVE_ENV, serverAndSimulator, startServer } from '../helpers/process.ts';

t.jobs = 2;

t.test('--help and --version print and end with 0', async (t) => {
  for (const argv of [['--help'], ['serve', '-h']]) {
    const { code, stdout, stderr } = await runProgram(t, argv);
    t.equal(code, 0);
    t.match(stdout, /^Usage: wechat-token-proxy /);
    t.match(stdout, 'WXPROXY_LISTEN');
    t.equal(stderr, '');
  }
  const { code, stdout, stderr } = await runProgram(t, ['--version']);
  t.strictSame({ code, stdout, stderr }, { code: 0, stdout: `${version}\n`, stderr: '' });
});

t.test('an unknown command ends with 2', async (t) => {
  const { code, stdout, stderr } = await runProgram(t, ['sreve']);
  t.equal(code, 2);
  t.equal(stdout, '');
  t.match(stderr, /^there is no command "sreve".*--help\n$/);
});

t.test('check-config prints the settings in force, or what is wrong with them', async (t) => {
  const good = await runProgram(t, ['check-config', '--log-level', 'warn'], { env: SERVE_ENV });
  t.equal(good.code, 0);
  t.match(good.stdout, /^WXPROXY_LOG_LEVEL +warn +flag$/m);
  t.match(good.stdout, /^WECHAT_APPSECRET +\[secret\] +environment$/m);
  t.equal(good.stderr, '');
  const bad = await runProgram(t, ['check-config'], {
    env: { ...SERVE_ENV, WXPROXY_LOG_LEVEL: 'loud' },
  });
  t.equal(bad.code, 2);
  t.match(bad.stderr, 'WXPROXY_LOG_LEVEL');
  t.equal(bad.stdout, '');
});

t.test('healthcheck tells by its exit code whether the proxy lives, and is ready', async (t) => {
  const { server } = await serverAndSimulator(t);
  const env = { ...SERVE_ENV, WXPROXY_ADMIN_LISTEN: server.admin.replace('http://', '') };
  const check = async (...argv: readonly string[]): Promise<number | null> =>
    (await runProgram(t, ['healthcheck', ...argv], { env })).code;

  t.equal(await check(), 0);
  t.equal(await check('--ready'), 0);

  server.kill('SIGTERM');
  await server.exited;
  const { code, stdout, stderr } = await runProgram(t, ['healthcheck'], { env });
  t.equal(code, 1);
  t.equal(stdout, '');
  t.match(stderr, /^the admin listener does not answer: .+\n$/);
});

t.test('healthcheck of a proxy that has no token: alive, not ready', async (t) => {
  const simulator = await startSimulator({ rules: { ipRefused: true } });
  t.teardown(() => simulator.stop());
  const { admin } = await startServer(t, { WXPROXY_UPSTREAM: simulator.url });
  const env = { ...SERVE_ENV, WXPROXY_ADMIN_LISTEN: admin.replace('http://', '') };
  t.equal((await runProgram(t, ['healthcheck'], { env })).code, 0);
  t.equal((await runProgram(t, ['healthcheck', '--ready'], { env })).code, 1);
});

t.test('healthcheck asks a running proxy, whatever has become of its files since', async (t) => {
  const { appid, appsecret } = DEMO_ACCOUNT;
  const folder = t.testdir({ accounts: JSON.stringify([{ appid, appsecret }]) });
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const files = {
    WECHAT_APPID: undefined,
    WECHAT_APPSECRET: undefined,
    WXPROXY_ACCOUNTS_FILE: `${folder}/accounts`,
  };
  const { admin } = await startServer(t, { ...files, WXPROXY_UPSTREAM: simulator.url });
  const env = { ...SERVE_ENV, ...files, WXPROXY_ADMIN_LISTEN: admin.replace('http://', '') };
  writeFileSync(`${folder}/accounts`, '[{');
  const { code, stderr } = await runProgram(t, ['healthcheck'], { env });
  t.equal(code, 0, 'alive: ended for that, it could not start again');
  t.equal(stderr, '');
  const mistyped = await runProgram(t, ['healthcheck', '--redy'], { env });
  t.equal(mistyped.code, 2);
  t.match(mistyped.stderr, /--redy: is no flag/);
});
