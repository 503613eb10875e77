import t from 'tap';
import { KEEP_ALIVE_MS } from '../../src/proxy/keep-alive.ts';
import { hostileStage } from './hostile-stage.ts';
import { onEachLane } from './on-each-lane.ts';

/** Common client pools keep an idle connection for 60 s: who closes first must not be the proxy. */
const CLIENT_POOL_MS = 65_000;

onEachLane(t, 'the app is told how long its connection is kept', {}, async (t, stage) => {
  const [hint = ''] = (await stage.get()).values('keep-alive');
  const [, seconds] = /timeout=(\d+)/.exec(hint) ?? [];
  t.ok(Number(seconds) * 1000 >= CLIENT_POOL_MS, hint);
  t.ok(KEEP_ALIVE_MS > Number(seconds) * 1000, 'and it is kept a little longer');
});

t.test('who is given a placeholder is told so as well', async (t) => {
  const { connect } = await hostileStage(t);
  const answer = await (await connect(t)).request('GET /cgi-bin/token').answer();
  t.equal(answer.status, 200);
  t.match(answer.values('keep-alive'), [/^timeout=\d+$/]);
});

onEachLane(
  t,
  'an idle connection is kept longer than the idle timeout, which is for requests',
  { env: { WXPROXY_IDLE_TIMEOUT: '1s' } },
  async (t, stage) => {
    await stage.get();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    t.equal(stage.client.ending, undefined);
    t.equal((await stage.get()).status, 200);
  },
);

/** How long the rest of a refused body is read. */
const LINGER_MS = 5000;

t.test('after a refused request without a body its connection stays open', async (t) => {
  const { connect } = await hostileStage(t);
  const client = await connect(t);
  const refused = await client.request('GET /cgi-bin/../refused').answer();
  t.equal(refused.status, 400);
  t.match(refused.values('keep-alive'), [/^timeout=\d+$/]);
  await new Promise((resolve) => setTimeout(resolve, LINGER_MS + 500));
  t.equal(client.ending, undefined);
  t.equal((await client.request('GET /cgi-bin/served').answer()).status, 200);
});

onEachLane(t, 'a client that wants its connection closed has it closed', {}, async (t, stage) => {
  const answer = await stage.get(['Connection: close']);
  t.strictSame(answer.values('connection'), ['close']);
  t.strictSame(answer.values('keep-alive'), []);
  t.equal(await stage.client.ended(), 'closed');
});

onEachLane(t, 'connections to the upstream are used again', {}, async (t, stage) => {
  for (let i = 0; i < 5; i++) await stage.post('{}');
  t.strictSame(
    stage.upstream.requests.map(({ connection }) => connection),
    [1, 1, 1, 1, 1],
  );
});
