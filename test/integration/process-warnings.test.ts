import t from 'tap';
import { serverAndSimulator } from '../helpers/process.ts';
import { call, upload } from './app.ts';

t.test('no warning reaches a user, on either lane', async (t) => {
  const { server, simulator } = await serverAndSimulator(t, { WXPROXY_REPLAY_BODY_LIMIT: '1KiB' });
  t.equal((await call(`${server.url}/wxa/order`)).status, 200);
  t.ok((await upload(server.url, 100_000)).json['media_id'], 'http-proxy was used');
  simulator.rotate();
  t.equal((await call(`${server.url}/wxa/order`)).json['errcode'], 0);
  server.kill('SIGTERM');
  const { code, stdout, stderr } = await server.exited;
  t.equal(code, 0);
  t.equal(stderr, '');
  t.notMatch(stdout, /DEP\d{4}|Deprecat|Experimental/i);
  for (const line of stdout.trimEnd().split('\n')) t.ok(JSON.parse(line), 'each line is JSON');
});
