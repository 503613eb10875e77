/**
 * undici looks at an idle connection once more before it writes to it. One that was reset in that
 * very moment failed its request with a 502, though nothing of it had been sent.
 */
import t from 'tap';
import { onEachLane, REPLAY_LANE } from '../conformance/on-each-lane.ts';

for (const method of ['GET', 'POST'] as const) {
  onEachLane(
    t,
    `${method} is sent on a fresh connection when the pooled one is reset before its first byte`,
    { lanes: [REPLAY_LANE] },
    async (t, { client, path, upstream, proxy }) => {
      for (let round = 1; round <= 10; round++) {
        await client.request(`GET ${path}`).answer();
        const pooled = upstream.connections.at(-1);
        // Both are there when the proxy next looks: the request first.
        client.request(
          `${method} ${path}`,
          method === 'POST' ? ['Content-Length: 2'] : [],
          method === 'POST' ? '{}' : '',
        );
        pooled?.socket.resetAndDestroy();
        t.equal((await client.answer()).status, 200);
        t.equal(upstream.requests.length, 2 * round, 'it was sent once');
      }
      t.equal(await proxy.metric('upstream_failures_total'), 0);
    },
  );
}
