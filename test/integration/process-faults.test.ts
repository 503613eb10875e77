import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { runProgram, SERVE_ENV } from '../helpers/process.ts';

t.jobs = 2;

t.test('faults in the settings end with 2, all of them told at once', async (t) => {
  const env = {
    WECHAT_APPID: 'no appid',
    WXPROXY_LISTEN: 'somewhere',
    WXPROXY_LOG_LEVEL: 'loud',
    WXPROXY_TOKEN_TIMEOUT: 'soon',
    WXPROXY_LISTNE: '127.0.0.1:0',
  };
  const { code, stdout, stderr } = await runProgram(t, ['--max-connections', '0', '--nonsense'], {
    env,
  });
  t.equal(code, 2);
  t.equal(stdout, '');
  for (const name of [...Object.keys(env), '--max-connections', '--nonsense', 'WECHAT_APPSECRET']) {
    t.match(stderr, name);
  }
});

for (const [setting, other] of [
  ['WXPROXY_LISTEN', 'WXPROXY_ADMIN_LISTEN'],
  ['WXPROXY_ADMIN_LISTEN', 'WXPROXY_LISTEN'],
] as const) {
  t.test(`an address in use for ${setting} ends with 1 and says what to do`, async (t) => {
    const taken = await takenAddress(t);
    const env = { ...SERVE_ENV, [setting]: taken, [other]: '127.0.0.1:0' };
    const { code, stderr } = await runProgram(t, [], { env });
    t.equal(code, 1);
    t.equal(
      stderr,
      `cannot start: ${taken} is in use, perhaps by another instance: stop that, or set ${setting} to another address\n`,
    );
  });
}

t.test('an address of another machine ends with 1 and says what to do', async (t) => {
  const env = { ...SERVE_ENV, WXPROXY_ADMIN_LISTEN: '192.0.2.1:9464' };
  const { code, stderr } = await runProgram(t, [], { env });
  t.equal(code, 1);
  t.match(
    stderr,
    /^cannot start: 192\.0\.2\.1:9464 is no address .* set WXPROXY_ADMIN_LISTEN .*\n$/,
  );
});

async function takenAddress(t: Test): Promise<string> {
  const server = createServer();
  t.teardown(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
