import t from 'tap';
import { SimulateUsageError, simulateUsage } from '../../../src/commands/simulate/flags.ts';
import { startFromFlags } from '../../../src/commands/simulate/start.ts';
import { DEMO_ACCOUNT } from '../../../src/simulator/demo-account.ts';

t.test('simulate says where it is, who it knows and how to use it', async (t) => {
  const lines: string[] = [];
  const simulator = await startFromFlags(['--port', '0'], (line) => lines.push(line));
  t.teardown(() => simulator.stop());
  const text = lines.join('\n');
  t.ok(text.startsWith(`A WeChat on your desk: ${simulator.url}\n`));
  t.ok(text.includes(`WXPROXY_UPSTREAM=${simulator.url} WECHAT_APPID=${DEMO_ACCOUNT.appid}`));
  t.match(text, /WECHAT_APPSECRET=\w+ npm start$/m, 'the command that a checkout has');
  t.ok(text.includes(`${DEMO_ACCOUNT.appsecret}  (made up, good here only)`));
  t.ok(text.includes(`curl -X POST ${simulator.url}/__simulator/rotate`));
});

t.test('the flags set the account and the lives of its tokens', async (t) => {
  const argv = '--port=0 --appid wx2 --appsecret hush --lifetime 90s --overlap=500ms'.split(' ');
  const lines: string[] = [];
  const simulator = await startFromFlags(argv, (line) => lines.push(line));
  t.teardown(() => simulator.stop());
  const { rules, accounts } = simulator.state();
  t.match(rules, { lifetimeMs: 90_000, overlapMs: 500 });
  t.same(Object.keys(accounts), ['wx2']);
  const token = '/cgi-bin/token?grant_type=client_credential&appid=wx2&secret=hush';
  const granted = (await (await fetch(simulator.url + token)).json()) as { expires_in: number };
  t.ok([89, 90].includes(granted.expires_in), 'the wall clock runs meanwhile');
  t.notMatch(lines.join('\n'), /hush/, 'a secret that was given is not printed');
});

t.test('all wrong flags are named at once', async (t) => {
  const argv = '--port 99999 --lifetime 0s --overlap 5 --appid= --nope 3 extra'.split(' ');
  const failed = await startFromFlags(argv, () => t.fail('started')).catch(
    (error: unknown) => error,
  );
  t.ok(failed instanceof SimulateUsageError);
  t.same((failed as SimulateUsageError).faults, [
    '--appid: needs a value',
    '--nope: no such flag; see simulate --help',
    '"3": simulate takes flags only',
    '"extra": simulate takes flags only',
    '--port: a number from 0 to 65535',
    '--lifetime: a duration such as 500ms, 90s, 5m or 2h, not 0',
    '--overlap: a duration such as 500ms, 90s, 5m or 2h',
  ]);
});

t.test('a taken port says what to do', async (t) => {
  const simulator = await startFromFlags(['--port', '0'], () => {});
  t.teardown(() => simulator.stop());
  const again = startFromFlags(['--port', String(simulator.port)], () => t.fail('started'));
  await t.rejects(again, { name: 'SimulateUsageError', message: /^--port: \d+ is taken; choose/ });
});

t.test('the usage names every flag', async (t) => {
  for (const flag of ['port', 'host', 'appid', 'appsecret', 'lifetime', 'overlap', 'help']) {
    t.ok(simulateUsage.includes(`--${flag}`));
  }
});
