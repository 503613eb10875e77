/** A run of the bench, made up: its promises are just kept, or broken in one place. */
import { parseOptions } from '../../bench/options.ts';
import type { MemoryResult, Results, Slice } from '../../bench/results.ts';

export interface Costs {
  /** Of the floor's. */
  readonly getRate: number;
  readonly postRate: number;
  readonly uploadRate: number;
  readonly downloadRate: number;
  readonly httpProxyRate: number;
  readonly httpxyRate: number;
  readonly nginxRate: number;
  /** The floor's are 100. */
  readonly addedUs: number;
  readonly idleBytes: number;
  readonly loadedBytes: number;
  readonly startMs: number;
  /** With one account: 100 ms and a rate of 1. */
  readonly manyStartMs: number;
  readonly manyRate: number;
  readonly accountBytes: number;
  readonly tokenCalls: number;
  readonly scrapeMs: number;
  readonly waitMs: number;
}

/** A run in which ours just reaches every bound. */
const BOUNDS: Costs = {
  getRate: 0.9,
  postRate: 0.9,
  uploadRate: 0.84,
  downloadRate: 0.84,
  httpProxyRate: 0.4,
  httpxyRate: 0.75,
  nginxRate: 3,
  addedUs: 130,
  idleBytes: 120,
  loadedBytes: 130,
  startMs: 150,
  manyStartMs: 105,
  manyRate: 0.9,
  accountBytes: 2048,
  tokenCalls: 1,
  scrapeMs: 20,
  waitMs: 20,
};

/** @param change where it differs from a run that just reaches every bound */
export function benchResults(change: Partial<Costs>): Results {
  const costs = { ...BOUNDS, ...change };
  const others = {
    'node-floor': slices(1),
    nginx: slices(costs.nginxRate),
    'http-proxy': slices(costs.httpProxyRate),
    httpxy: slices(costs.httpxyRate),
  };
  const figures = (bytes: number) => ({ rssBytes: bytes, pssBytes: bytes });
  const memory = (idle: number, loaded: number): MemoryResult => ({
    idle: figures(idle),
    loaded: figures(loaded),
    requests: 200_000,
  });
  const latency = (us: number) => [0, 1].map(() => ({ requests: 1, p50Us: us, p99Us: us }));
  const starts = (ms: number) => [0, 1].map(() => ({ wallMs: ms, cpuMs: ms }));
  const options = parseOptions(['--full']);
  if (options === undefined) throw new Error('no options');
  return {
    date: '2026-01-02T03:04:05.678Z',
    command: 'npm run bench -- --full',
    machine: {
      cpu: 'A Processor',
      cores: 2,
      memoryBytes: 2 ** 34,
      kernel: '6.1',
      os: 'An OS',
      node: 'v24.0.0',
      load: 0.1,
      coresUsed: { load: 0, contender: 1 },
    },
    plan: options.plan,
    contenders: [
      { name: 'ours', kind: 'ours', version: 'ours 1' },
      { name: 'node-floor', kind: 'floor', version: 'undici 8' },
      { name: 'nginx', kind: 'native', version: 'nginx 1' },
      { name: 'haproxy', kind: 'native', version: '', skipped: 'there is no haproxy' },
      { name: 'http-proxy', kind: 'other', version: 'http-proxy 1' },
      { name: 'httpxy', kind: 'other', version: 'httpxy 1' },
    ],
    throughput: {
      get: { ours: slices(costs.getRate), ...others },
      post: { ours: slices(costs.postRate), ...others },
      upload: { ours: slices(costs.uploadRate), ...others },
      download: { ours: slices(costs.downloadRate), ...others },
    },
    latency: [
      {
        connections: 1,
        rounds: {
          direct: latency(50),
          ours: latency(50 + costs.addedUs),
          'node-floor': latency(150),
        },
      },
    ],
    startup: { ours: starts(costs.startMs), 'node-floor': starts(100) },
    memory: {
      ours: memory(costs.idleBytes, costs.loadedBytes),
      'node-floor': memory(100, 100),
    },
    accounts: [
      {
        accounts: 1,
        inUse: 1,
        slices: slices(1),
        startups: starts(100),
        idle: [figures(0)],
        active: figures(0),
        tokenCallsAtStart: 1,
      },
      {
        accounts: 10_000,
        inUse: 10_000,
        slices: slices(costs.manyRate),
        startups: starts(costs.manyStartMs),
        idle: [figures(costs.accountBytes * 9999)],
        active: figures(0),
        tokenCallsAtStart: costs.tokenCalls,
      },
    ],
    scrape: { accounts: 100, bytes: 1, threadMs: [costs.scrapeMs], longestWaitMs: [costs.waitMs] },
  };
}

/** Two rounds, the second on a machine half as fast. */
function slices(rate: number): Slice[] {
  return [1, 0.5].map((speed) => ({
    requests: 1_000_000 * rate * speed,
    ms: 1000,
    cpuMs: 1000,
    p50Us: 1,
    p99Us: 1,
    loadShare: 0.5,
  }));
}
