import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { runProgram, startProgram, type Exit } from '../helpers/process.ts';
import { until } from '../helpers/proxy.ts';
import { call } from './app.ts';

/** As the program is started: on no terminal. */
const STEPS = 7;
const ESCAPE = String.fromCodePoint(0x1b);

t.jobs = 2;

t.test(
  'demo --keep shows that everything held, and leaves both running until it is told',
  async (t) => {
    const demo = startProgram(t, ['demo', '--keep']);
    await until(() => demo.stdout.includes('Ctrl-C'), 'the demo is over', 30_000);
    const [, proxyCall = ''] = /curl '(\S+getcallbackip)'/.exec(demo.stdout) ?? [];
    const [, rotate = ''] = /curl -X POST '(\S+)'/.exec(demo.stdout) ?? [];
    const [, metrics = ''] = /curl '(\S+metrics)'/.exec(demo.stdout) ?? [];
    t.equal((await call(rotate, { method: 'POST' })).status, 200);
    t.ok(
      (await call(proxyCall)).json['ip_list'],
      'the call to try works after the rotation to try',
    );
    t.match((await call(metrics)).body, 'wxproxy_replays_total');

    demo.kill('SIGTERM');
    const exit = await demo.exited;
    t.equal(exit.code, 0);
    checkOutput(t, exit);
    t.match(exit.stdout, /^1,\d{3} calls of the app, 5 token calls\. All \d+ statements held\.$/m);
    t.notMatch(exit.stdout, 'NOT SO');
    for (let step = 1; step <= STEPS; step += 1) t.match(exit.stdout, `\n${step}. `);
  },
);

t.test(
  'demo says which statement did not hold, goes on to its end, and exits with 1',
  async (t) => {
    // An app that gets something else than the proxy sent.
    const broken = `const real = fetch;
    globalThis.fetch = async (url, init) => String(url).endsWith('/cgi-bin/user/get')
      ? new Response('{"errcode":40001}', { status: 200 }) : real(url, init);`;
    const exit = await runProgram(t, ['demo'], {
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(broken)}` },
    });
    t.equal(exit.code, 1);
    checkOutput(t, exit);
    t.match(exit.stdout, /✗ NOT SO: the app saw 200 and good data/);
    t.match(exit.stdout, /statements these did not hold:\n +step 2: the app saw 200 and good data/);
    t.match(exit.stdout, `\n${STEPS}. `);
  },
);

t.test('demo --help and flags that demo does not have', async (t) => {
  const help = await runProgram(t, ['demo', '--help']);
  t.equal(help.code, 0);
  t.match(help.stdout, '--keep');
  const wrong = await runProgram(t, ['demo', '--kepe', '--port=1']);
  t.equal(wrong.code, 2);
  t.match(wrong.stderr, /^--kepe: .*--help\n--port=1: .*--help\n$/);
  t.equal(wrong.stdout, '');
});

function checkOutput(t: Test, { stdout, stderr }: Exit): void {
  t.equal(stderr, '');
  t.notOk(stdout.includes(ESCAPE), 'no colours where there is no terminal');
  t.notMatch(stdout, /90_\w/, 'no token');
  t.notMatch(stdout, DEMO_ACCOUNT.appsecret);
}
