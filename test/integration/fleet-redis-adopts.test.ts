import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { good } from '../helpers/fleet.ts';
import { startProxy, until, untilReady, type RunningProxy } from '../helpers/proxy.ts';
import { startRedis } from '../helpers/redis.ts';

/** What an operator forgets for one machine of two: WeChat does not know its address. */
const NOT_WHITELISTED = 40164;
/** A look into the store is due every quarter of a second; this machine may be busy. */
const SOON_MS = 1000;
/** A refused replica may ask again after a minute: nothing here may be owed to that. */
const LONG_BEFORE_RETRY_MS = 5000;

async function bench(t: Test) {
  const redis = await startRedis(t);
  if (redis === undefined) return undefined;
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const start = (): Promise<RunningProxy> =>
    startProxy(t, { upstream: simulator.url, env: { WXPROXY_TOKEN_STORE: redis.url } });
  return { simulator, start };
}

const order = ({ url }: RunningProxy): Promise<string | undefined> => good(`${url}/wxa/order`);
const isReady = async ({ admin }: RunningProxy): Promise<boolean> =>
  (await fetch(`${admin}/readyz`)).ok;
const tokenCalls = ({ requests }: { readonly requests: readonly { readonly url: string }[] }) =>
  requests.filter(({ url }) => url.startsWith('/cgi-bin/stable_token')).length;

/** Its token is dead, and it is refused another one. */
async function refuse(t: Test, replica: RunningProxy, simulator: Simulator): Promise<void> {
  simulator.revoke({ mode: 'dead' });
  simulator.refuseTokens({ errcode: NOT_WHITELISTED, count: 1 });
  t.match(await order(replica), /40001/, 'nothing to replay with');
}

t.test(
  'a replica that is refused a token adopts at the next rejection what another has stored',
  async (t) => {
    const made = await bench(t);
    if (made === undefined) return;
    const { simulator, start } = made;
    const refused = await start();
    await untilReady(refused);
    const other = await start();
    await untilReady(other);

    await refuse(t, refused, simulator);
    const asked = tokenCalls(simulator);
    t.equal(await order(other), undefined, 'the other may ask, and stores what it gets');
    const fetched = tokenCalls(simulator);
    t.ok(fetched > asked);

    const startedMs = performance.now();
    await until(async () => (await order(refused)) === undefined, 'adopted', LONG_BEFORE_RETRY_MS);
    const tookMs = Math.round(performance.now() - startedMs);
    t.ok(tookMs < SOON_MS, `${tookMs} ms`);
    for (let i = 0; i < 5; i++) t.equal(await order(refused), undefined, 'for good');
    t.equal(tokenCalls(simulator), fetched, 'and it has not asked again');
    t.equal(await refused.metric('token_refreshes_total', { outcome: 'adopted' }), 1);

    simulator.revoke({ mode: 'dead' });
    t.equal(await order(other), undefined);
    const again = tokenCalls(simulator);
    await until(async () => (await order(refused)) === undefined, 'adopted', SOON_MS);
    t.equal(tokenCalls(simulator), again, 'the next one too: it still may not ask');
  },
);

t.test(
  'a refused replica with nothing to adopt does not ask, however often it looks',
  async (t) => {
    const made = await bench(t);
    if (made === undefined) return;
    const { simulator, start } = made;
    const refused = await start();
    await untilReady(refused);
    await refuse(t, refused, simulator);
    const asked = tokenCalls(simulator);
    for (let i = 0; i < 10; i++) {
      t.match(await order(refused), /40001/, "WeChat's own answer goes through");
      await delay(60);
    }
    t.equal(tokenCalls(simulator), asked);
  },
);

t.test(
  'a replica that is refused at its start becomes ready with what another stores',
  async (t) => {
    const made = await bench(t);
    if (made === undefined) return;
    const { simulator, start } = made;
    simulator.refuseTokens({ errcode: NOT_WHITELISTED, count: 1 });
    const refused = await start();
    await until(() => refused.log.join('').includes(`${NOT_WHITELISTED}`), 'it is refused');
    t.notOk(await isReady(refused));
    t.match(await order(refused), /ERR_TOKEN_/, 'nothing is forwarded without a token');

    const other = await start();
    await untilReady(other);
    const fetched = tokenCalls(simulator);
    await until(() => isReady(refused), 'ready by itself: nobody has called it', 2000);
    t.equal(await order(refused), undefined);
    t.equal(tokenCalls(simulator), fetched, 'without a token call of its own');
  },
);
