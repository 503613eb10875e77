import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { allReady, good, startReplica, type Env } from '../helpers/fleet.ts';
import { until } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

const LOCK = `wxproxy:{${DEMO_ACCOUNT.appid}}:lock`;
const STATE = `wxproxy:{${DEMO_ACCOUNT.appid}}:state`;

/** Two replicas that share a token which is no longer good; the first holds the lock, mid-call. */
async function holderMidCall(t: Test, holderEnv: Env) {
  const redis = await startRedis(t);
  if (redis === undefined) return undefined;
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const env = {
    WXPROXY_UPSTREAM: simulator.url,
    WXPROXY_TOKEN_STORE: redis.url,
    WXPROXY_TOKEN_API: 'token',
    WXPROXY_TOKEN_TIMEOUT: '1s', // a lock lives for two token calls and 2 s
  };
  const holder = await startReplica(t, { ...env, ...holderEnv });
  const other = await startReplica(t, env);
  await allReady([holder, other]);
  simulator.revoke();
  simulator.fault({ kind: 'hold', tokenCalls: true });
  const request = good(`${holder.url}/wxa/order`);
  await until(() => simulator.state().held === 1, 'the holder’s token call is held');
  return { redis: await redis.client(), simulator, holder, other, request };
}

t.test(
  'a lock holder that is killed holds the others up no longer than its lock lives',
  async (t) => {
    const made = await holderMidCall(t, {});
    if (made === undefined) return;
    const { redis, simulator, holder, other } = made;
    const leftMs = await redis.pTTL(LOCK);
    holder.kill('SIGKILL');
    await holder.exited;
    const killed = performance.now();
    t.match(
      await good(`${other.url}/wxa/order`),
      /40001/,
      'meanwhile the app sees WeChat’s answer',
    );
    await until(async () => (await good(`${other.url}/wxa/order`)) === undefined, 'recovery');
    const tookMs = performance.now() - killed;
    t.ok(tookMs < leftMs + 1000, `${Math.round(tookMs)} ms with ${leftMs} ms of the lock left`);
    t.equal(simulator.counts.tokenCalls, 3, 'the first token, the killed one’s call and one more');
    t.equal(await redis.hGet(STATE, 'generation'), '2');
  },
);

t.test('a lock holder that was stopped cannot overwrite what came after it', async (t) => {
  const made = await holderMidCall(t, { WXPROXY_TOKEN_TIMEOUT: '30s' });
  if (made === undefined) return;
  const { redis, simulator, holder, other, request } = made;
  holder.kill('SIGSTOP');
  await redis.del(LOCK); // as its end would, which is a minute away
  t.equal(await good(`${other.url}/wxa/order`), undefined, 'the other one goes on');
  simulator.revoke();
  t.equal(await good(`${other.url}/wxa/order`), undefined, 'and on');
  const newest = await redis.hGetAll(STATE);
  t.equal(newest['generation'], '3');

  simulator.release();
  holder.kill('SIGCONT');
  t.equal(await request, undefined, 'the request that it held is answered after all');
  t.strictSame(await redis.hGetAll(STATE), newest, 'the older generation was refused');
  t.equal(await good(`${holder.url}/wxa/order`), undefined, 'and the newest one adopted');
  t.equal(await holder.metric('token_refreshes_total', { outcome: 'adopted' }), 1);
  t.equal(simulator.counts.tokenCalls, 4);
  const rejected = simulator.counts.rejectedCalls;
  t.equal(rejected, 3, 'each of the two revoked tokens was noticed once by who had it');
});
