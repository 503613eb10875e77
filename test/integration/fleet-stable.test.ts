import t from 'tap';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { allReady, good, startFleet } from '../helpers/fleet.ts';

t.test('eight replicas that share nothing have one token of `stable_token`', async (t) => {
  const simulator = await startSimulator();
  t.teardown(() => simulator.stop());
  const replicas = await startFleet(t, 8, { WXPROXY_UPSTREAM: simulator.url });
  await allReady(replicas);
  const callAll = (times: number): Promise<readonly (string | undefined)[]> =>
    Promise.all(
      Array.from({ length: times }, () =>
        replicas.map(({ url }) => good(`${url}/wxa/order`)),
      ).flat(),
    );
  const tokensUsed = (): ReadonlySet<string | undefined> =>
    new Set(
      simulator.requests
        .filter(({ url }) => url.startsWith('/wxa/'))
        .map(({ url }) => /access_token=([^&]+)/.exec(url)?.[1]),
    );
  const { stable_token: line } = simulator.state().accounts[DEMO_ACCOUNT.appid] as never as {
    stable_token: { issued: number };
  };
  t.equal(line.issued, 1);
  await callAll(1);
  t.equal(tokensUsed().size, 1, 'the same token everywhere');

  simulator.revoke({ mode: 'kept' });
  simulator.reset('counts');
  const answers = await callAll(5);
  t.strictSame(
    answers.filter((failure) => failure !== undefined),
    [],
    'it is rejected, and given out all the same: all requests are replayed',
  );
  t.equal(tokensUsed().size, 2, 'rotated once for the fleet');
  const { stableForced, stableNormal } = simulator.counts.accounts[DEMO_ACCOUNT.appid] as never as {
    stableForced: number;
    stableNormal: number;
  };
  t.ok(stableForced >= 1 && stableForced <= 4, `${stableForced} force_refresh calls`);
  t.equal(stableNormal, 16, 'everybody looked twice in normal mode');
});
