import { createHash } from 'node:crypto';
import t from 'tap';
import { good } from '../helpers/fleet.ts';
import { startProxy, untilReady } from '../helpers/proxy.ts';
import { CENTRAL, centralBench, KEY, sidecarOf, spyBefore, type Seen } from './peers.ts';

t.test('a peer may have a peer: tokens, rejections and codes pass through both', async (t) => {
  const { simulator, central, sidecar } = await centralBench(t, {
    env: { WXPROXY_TOKEN_API: 'token' },
  });
  const seen: Seen[] = [];
  const middle = await sidecar({
    ...CENTRAL,
    WXPROXY_TOKEN_PEER: await spyBefore(t, central.url, seen),
  });
  await untilReady(middle);
  const env = sidecarOf(middle.url);
  const apps = await Promise.all(
    [1, 2, 3].map(() => startProxy(t, { upstream: simulator.url, env })),
  );
  for (const app of apps) await untilReady(app);
  t.equal(simulator.counts.tokenCalls, 1);

  const token = /access_token":\s*"([^"]+)/.exec(
    await (
      await fetch(`${middle.url}/cgi-bin/stable_token`, {
        method: 'POST',
        headers: { 'x-wxproxy-key': KEY },
        body: '{"grant_type":"client_credential"}',
      })
    ).text(),
  )?.[1];
  simulator.revoke();
  for (const { url } of apps) t.equal(await good(`${url}/wxa/order`), undefined);
  t.equal(simulator.counts.tokenCalls, 2, 'rejected at the end, fetched at the beginning, once');
  const digest = createHash('sha256')
    .update(token ?? '')
    .digest('hex');
  const asked = seen.filter(({ headers }) => headers.includes(digest));
  t.equal(asked.length, 1, 'the one in the middle says which token it was, too');
  t.match(asked[0]?.headers, /1\.1 wxproxy-\w+, 1\.1 wxproxy-\w+/, 'and on whose behalf it asks');

  const [app] = apps;
  const code = await fetch(`${app?.url}/sns/jscode2session?js_code=c1&secret=none`);
  t.match(await code.json(), { openid: /^o/ });
});
