/** A closed loop: each connection sends its next request as soon as it has its answer. */
import { LoadConnection, type Answer, type Target } from './connection.ts';
import type { Workload } from './requests.ts';

export interface LoadOptions {
  readonly target: Target;
  readonly workload: Workload;
  readonly connections: number;
  /** Not counted: connections are opened and settle. */
  readonly leadInMs: number;
  /** How long requests are begun; or a number of requests. */
  readonly until: { readonly ms: number } | { readonly requests: number };
  /** Called when the lead-in is over, and when the last answer has come. */
  readonly measured?: { begin(): void; end(): void };
  /**
   * Whether the load's core is its own: then it is kept from sleeping. Who sends to a process that sleeps
   * pays for waking it, and that would be the contender.
   */
  readonly awake: boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly ms: number;
  /** In the order in which answers came. */
  readonly latenciesUs: Float64Array;
}

/** @throws where an answer is not the right one, or a connection breaks */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { target, connections, leadInMs, measured, awake } = options;
  const rest = awake ? keepAwake() : () => {};
  const open = await Promise.all(
    Array.from({ length: connections }, () => LoadConnection.open(target)),
  );
  try {
    if (leadInMs > 0) await run(open, options, { ms: leadInMs });
    measured?.begin();
    const result = await run(open, options, options.until);
    measured?.end();
    return result;
  } finally {
    rest();
    for (const connection of open) connection.close();
  }
}

/** @returns what ends it */
function keepAwake(): () => void {
  let next = setImmediate(function turn() {
    next = setImmediate(turn);
  });
  return () => clearImmediate(next);
}

async function run(
  connections: readonly LoadConnection[],
  { workload: { requests, answerBytes } }: LoadOptions,
  until: LoadOptions['until'],
): Promise<LoadResult> {
  const begun = performance.now();
  const endsAt = 'ms' in until ? begun + until.ms : Infinity;
  const most = 'requests' in until ? until.requests : Infinity;
  let latencies = new Float64Array(16_384);
  let sent = 0;
  let answered = 0;
  const loop = (connection: LoadConnection): Promise<void> =>
    new Promise((resolve, reject) => {
      let sentAt = 0;
      const next = (now: number): void => {
        if (now >= endsAt || sent >= most) {
          resolve();
          return;
        }
        const request = requests[sent % requests.length] as Buffer;
        sent += 1;
        sentAt = now;
        connection.send(request, onAnswer);
      };
      const onAnswer = (answer: Answer | Error): void => {
        const now = performance.now();
        if (answer instanceof Error) {
          reject(answer);
          return;
        }
        if (answer.status !== 200 || answer.bodyBytes !== answerBytes) {
          reject(new Error(`a wrong answer: status ${answer.status}, ${answer.bodyBytes} bytes`));
          return;
        }
        if (answered === latencies.length) latencies = doubled(latencies);
        latencies[answered] = (now - sentAt) * 1000;
        answered += 1;
        next(now);
      };
      next(performance.now());
    });
  await Promise.all(connections.map(loop));
  return {
    requests: answered,
    ms: performance.now() - begun,
    latenciesUs: latencies.subarray(0, answered),
  };
}

function doubled(list: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(list.length * 2);
  larger.set(list);
  return larger;
}
