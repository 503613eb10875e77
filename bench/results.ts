/** What a run writes as JSON: raw figures of every round, from which everything else is computed. */
import type { Scenario } from './scenarios.ts';

export interface Results {
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly plan: Plan;
  /** Whether the load's core was kept from sleeping: then how busy it was says nothing. */
  readonly loadAwake?: boolean;
  readonly contenders: readonly ContenderResult[];
  readonly throughput: Partial<Record<Scenario, ByContender<Slice[]>>>;
  /** For few and for many connections. */
  readonly latency?: readonly LatencyResult[];
  readonly startup?: ByContender<Startup[]>;
  readonly memory?: ByContender<MemoryResult>;
  readonly accounts?: readonly AccountsResult[];
  readonly scrape?: ScrapeResult | undefined;
}

export type ByContender<T> = Record<string, T>;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly os: string;
  readonly node: string;
  /** Of the last minute, when the run began. */
  readonly load: number;
  readonly coresUsed: { readonly load: number; readonly contender: number } | 'not pinned';
}

export interface ContenderResult {
  readonly name: string;
  readonly kind: 'ours' | 'floor' | 'other' | 'native';
  readonly version: string;
  /** Why there are no figures. */
  readonly skipped?: string;
}

/** One contender in one round. */
export interface Slice {
  readonly requests: number;
  readonly ms: number;
  /** User and system, of all of the contender's processes. */
  readonly cpuMs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU time of load and upstream by wall time: near 1 they were the bottleneck, or kept awake. */
  readonly loadShare: number;
}

/** The app's own TLS call to the upstream, without a proxy: what latency is added to. */
export const DIRECT = 'direct';

export interface LatencyResult {
  readonly connections: number;
  /** `direct` among them. */
  readonly rounds: ByContender<Latency[]>;
}

export interface Latency {
  readonly requests: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface Startup {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export interface MemoryFigures {
  /** Resident, shared libraries and program text included, as `ps` and Kubernetes count it. */
  readonly rssBytes: number;
  /** Its fair share: what others have mapped as well is divided among them. */
  readonly pssBytes: number;
}

export interface MemoryResult {
  readonly idle: MemoryFigures;
  readonly loaded: MemoryFigures;
  readonly requests: number;
}

export interface AccountsResult {
  /** In the file. */
  readonly accounts: number;
  /** Requests go to this many of them in turn. */
  readonly inUse: number;
  readonly slices: readonly Slice[];
  readonly startups: readonly Startup[];
  /** After each start: the file is read, one token is fetched. */
  readonly idle: readonly MemoryFigures[];
  readonly active: MemoryFigures;
  /** Of the start that made most. */
  readonly tokenCallsAtStart: number;
}

export interface ScrapeResult {
  readonly accounts: number;
  readonly bytes: number;
  /** Time of the event loop's thread for each scrape, the first one first. */
  readonly threadMs: readonly number[];
  /** The longest wait of another request while each scrape was answered. */
  readonly longestWaitMs: readonly number[];
}

/** How much was measured. */
export interface Plan {
  readonly mode: 'short' | 'default' | 'full';
  readonly rounds: number;
  /** How often each is measured in a round: more often where some per cent are to be seen. */
  readonly turns: Readonly<Record<Scenario | 'accounts', number>>;
  /** Of each contender that is measured by turns, one after another: the rounds are shared out among them. */
  readonly processes: number;
  readonly connections: Readonly<Record<Scenario, number>>;
  readonly sliceMs: number;
  readonly leadInMs: number;
  readonly latencyMs: number;
  readonly latencyConnections: readonly number[];
  readonly warmUp: Readonly<Record<Scenario, number>>;
  readonly startups: number;
  readonly memoryRequests: number;
  readonly settleMs: number;
  readonly accounts: readonly { readonly accounts: number; readonly inUse: number }[];
  readonly scrapes: number;
  readonly scrapeAccounts: number;
}
