import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startProxy, until } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

const PASSWORD = 'hunter2/pw';

t.test('a Redis that knows no AUTH quotes the password back: no log shows it', async (t) => {
  const redis = await startRedis(t, { config: ['rename-command AUTH ""'] });
  if (redis === undefined) return;
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const url = redis.url.replace('://', `://:${encodeURIComponent(PASSWORD)}@`);
  const proxy = await startProxy(t, {
    upstream: simulator.url,
    env: { WXPROXY_TOKEN_STORE: url, WXPROXY_LOG_LEVEL: 'trace' },
  });
  const log = (): string => proxy.log.join('');
  await until(() => log().includes('the token store is down'), 'the store is down');
  t.match(log(), /unknown command 'AUTH'/, 'Redis’ own words are there');
  t.notOk(log().includes(PASSWORD), 'but for the password');
});
