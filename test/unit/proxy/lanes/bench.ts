import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { Exchange } from '../../../../src/proxy/exchange.ts';
import type { LaneOptions } from '../../../../src/proxy/lanes/lane.ts';
import type { Relay } from '../../../../src/proxy/relay.ts';

/** A server on loopback, for as long as the test runs. @returns its origin */
export async function serverOf(t: Test, answer: RequestListener): Promise<URL> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** A lane's options for that upstream: time-outs that no test waits for, unless it says so. */
export function laneOptions(upstream: URL, others: Partial<LaneOptions> = {}): LaneOptions {
  return {
    upstream,
    connectTimeoutMs: 60_000,
    responseTimeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    maxConnections: 2,
    ...others,
  };
}

/** An exchange whose app stays. */
export function exchange(others: object = {}): Exchange {
  return { gone: false, watch() {}, ...others } as unknown as Exchange;
}

/** Takes whatever comes. */
export function relay(others: Partial<Relay> = {}): Relay {
  return {
    status: 0,
    head() {},
    data: () => true,
    end() {},
    stop() {},
    ...others,
  } as unknown as Relay;
}
