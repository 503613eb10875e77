import { createServer, Agent } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type HttpProxy from 'http-proxy';
import { Ledger } from './fuzz-ledger.ts';
import { runFuzz } from './fuzz-run.ts';
import { startFuzzTarget } from './fuzz-target.ts';
import { startFuzzUpstream } from './fuzz-upstream.ts';

/** `npm run fuzz` takes others, and goes on for as long as it is told. */
const SEED = 1;
const WARM_UP = 400;
const CASES = 2000;
/** Two kilobytes that each request leaves behind would be more. */
const GROWTH_BYTES = 6 * 1024 * 1024;

t.test(
  'whatever comes in, the upstream gets each request a client meant once, and no other',
  async (t) => {
    t.comment(`a case is repeated by: npm run fuzz -- --seed ${SEED} --case <number>`);
    const target = await startFuzzTarget(t);
    const first = await runFuzz({ ...target, seed: SEED, from: 0, goesOn: (at) => at < WARM_UP });
    const before = target.heapBytes();
    const rest = await runFuzz({
      ...target,
      seed: SEED,
      from: WARM_UP,
      goesOn: (at) => at < CASES,
    });
    t.strictSame([...first.violations, ...rest.violations], []);
    t.equal(first.cases + rest.cases, CASES);
    // Of the thousands of requests many must be good ones, else this shows nothing.
    t.ok(first.forwarded + rest.forwarded > CASES / 2, `${rest.forwarded} requests were forwarded`);
    t.strictSame(await target.leftovers(), [], 'nothing is left behind, and nothing failed inside');
    const grown = target.heapBytes() - before;
    t.ok(grown < GROWTH_BYTES, `memory comes back to where it was: ${grown} bytes`);
  },
);

t.test('the fuzz test finds what is wrong with a proxy that smuggles', async (t) => {
  const ledger = new Ledger();
  const upstream = await startFuzzUpstream((request) => ledger.arrived(request));
  t.teardown(() => upstream.stop());
  const agent = new Agent({ keepAlive: true });
  const port = await bareHttpProxy(t, upstream.url, agent);
  const { violations } = await runFuzz({
    seed: SEED,
    from: 0,
    goesOn: (at) => at < 500,
    port,
    ledger,
  });
  t.ok(
    violations.some((it) => it.includes('smuggled')),
    'the request in the body is seen',
  );
});

/** http-proxy 1.18 as it comes, with kept connections: a chunked DELETE smuggles its body. */
async function bareHttpProxy(
  t: { teardown(run: () => void): void },
  target: string,
  agent: Agent,
): Promise<number> {
  const library = createRequire(import.meta.url)('http-proxy') as typeof HttpProxy;
  const proxy = library.createProxyServer({ target, agent });
  const server = createServer((req, res) => proxy.web(req, res, {}, () => res.destroy()));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
    agent.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
