import t from 'tap';
import { runProgram, SERVE_ENV, startServer } from '../helpers/process.ts';

for (const listen of ['0.0.0.0:0', ':0', '[::]:0', '10.1.2.3:8080', 'proxy.internal:8080']) {
  t.test(`a data listener on ${listen} without a client key does not start`, async (t) => {
    const exit = await runProgram(t, ['serve'], { env: { ...SERVE_ENV, WXPROXY_LISTEN: listen } });
    t.equal(exit.code, 2);
    t.match(exit.stderr, /WXPROXY_CLIENT_KEY/);
    t.match(exit.stderr, /reachable from other machines/);
    t.equal(exit.stdout, '');
  });
}

t.test('an empty client key is none', async (t) => {
  const env = { ...SERVE_ENV, WXPROXY_LISTEN: '0.0.0.0:0', WXPROXY_CLIENT_KEY: '' };
  const exit = await runProgram(t, ['serve'], { env });
  t.equal(exit.code, 2);
  t.match(exit.stderr, /WXPROXY_CLIENT_KEY/);
});

t.test(
  'issuing real tokens without a client key does not start, not even on loopback',
  async (t) => {
    const env = { ...SERVE_ENV, WXPROXY_TOKEN_ENDPOINTS: 'issue' };
    const exit = await runProgram(t, ['serve'], { env });
    t.equal(exit.code, 2);
    t.match(exit.stderr, /WXPROXY_CLIENT_KEY/);
  },
);

t.test('loopback needs no key', async (t) => {
  const server = await startServer(t, {
    WXPROXY_LISTEN: '127.0.0.2:0',
    WXPROXY_UPSTREAM: 'http://127.0.0.1:9',
  });
  t.match(server.url, /^http:\/\/127\.0\.0\.2:\d+$/);
});
