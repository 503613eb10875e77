import t from 'tap';
import { replayLane } from '../../../../src/proxy/lanes/replay.ts';
import { exchange, laneOptions, relay, serverOf } from './bench.ts';

t.test('an answer that fails at its very end gives its connection back once', async (t) => {
  let open = 0;
  let most = 0;
  const slow: (() => void)[] = [];
  const upstream = await serverOf(t, (req, res) => {
    most = Math.max(most, ++open);
    res.once('close', () => open--);
    if (req.url === '/quick') res.end('ok');
    else slow.push(() => res.end('ok'));
    if (slow.length === 2) for (const answer of slow) answer();
  });
  const lane = replayLane(laneOptions(upstream));
  t.teardown(() => lane.close());
  const get = (path: string) => ({
    method: 'GET',
    path,
    headers: [],
    body: undefined,
    resendable: true,
  });
  const failing = relay({
    end() {
      throw new Error('cannot be written');
    },
  });
  await t.rejects(lane.send(exchange(), get('/quick'), failing), { code: 'ERR_UPSTREAM_RESET' });
  // Each is answered when both are there: on one connection they would wait for each other.
  await Promise.all([
    lane.send(exchange(), get('/slow'), relay()),
    lane.send(exchange(), get('/slow'), relay()),
  ]);
  t.equal(most, 2);
});
