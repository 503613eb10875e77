/** What is fuzzed: a proxy before a lenient upstream, with the books open. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Test } from 'tap';
import { startProxy, until, untilReady, type RunningProxy } from '../helpers/proxy.ts';
import { Ledger } from './fuzz-ledger.ts';
import { startFuzzUpstream, type FuzzUpstream } from './fuzz-upstream.ts';
import { failures } from './hostile-stage.ts';

export interface FuzzTarget {
  /** Of the proxy, on 127.0.0.1. */
  readonly port: number;
  readonly ledger: Ledger;
  readonly proxy: RunningProxy;
  readonly upstream: FuzzUpstream;
  /** What is left when nobody asks for anything any more, as far as it is wrong. */
  leftovers(): Promise<string[]>;
  /** What the JavaScript heap holds after a collection. */
  heapBytes(): number;
}

/** Connections to the admin listener and the like, both ends of each. */
const OTHER_SOCKETS = 8;

/** @param t its teardown ends everything */
export async function startFuzzTarget(t: Pick<Test, 'teardown'>): Promise<FuzzTarget> {
  const ledger = new Ledger();
  const upstream = await startFuzzUpstream((request) => ledger.arrived(request));
  t.teardown(() => upstream.stop());
  const proxy = await startProxy(t as Test, {
    upstream: upstream.url,
    // Small, so that every way a body can take is taken.
    env: { WXPROXY_REPLAY_BODY_LIMIT: '1KiB', WXPROXY_REPLAY_MEMORY_LIMIT: '16KiB' },
  });
  await untilReady(proxy);
  const tokenCalls = upstream.tokenCalls;
  const errors: string[] = [];
  /** Lines of the log are looked at, and dropped: a long run would keep a great many. */
  const readLog = (): void => {
    errors.push(...failures(proxy));
    proxy.log.length = 0;
  };
  const comesAbout = async (holds: () => boolean | Promise<boolean>): Promise<boolean> =>
    until(holds, 'it comes about').then(
      () => true,
      () => false,
    );
  return {
    port: Number(new URL(proxy.url).port),
    ledger,
    proxy,
    upstream,
    async leftovers() {
      readLog();
      const left = [...errors.splice(0), ...ledger.violations.splice(0)];
      if (upstream.tokenCalls !== tokenCalls) left.push('a token call was smuggled');
      const idle = (): Promise<boolean> =>
        proxy.metric('requests_in_flight').then((count) => count === 0);
      if (!(await comesAbout(idle))) left.push('requests are in flight for ever');
      const few = (): boolean => sockets() <= 2 * upstream.connections + OTHER_SOCKETS;
      if (!(await comesAbout(few))) left.push(`${sockets()} sockets are left open`);
      return left;
    },
    heapBytes() {
      readLog();
      ledger.forget();
      collectGarbage();
      return process.memoryUsage().heapUsed;
    },
  };
}

/** Of this process: the proxy's, the upstream's and the clients'. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
}
