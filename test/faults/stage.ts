/** The real program before an upstream that goes wrong, and apps that call it on every lane. */
import type { Test } from 'tap';
import { HELD_BYTES, type Lane } from '../conformance/on-each-lane.ts';
import { allReady, startReplica, type Replica } from '../helpers/fleet.ts';
import { rawClient, type RawAnswer, type RawClient } from '../helpers/raw-client.ts';
import { type RawUpstream, startRawUpstream } from '../helpers/raw-upstream.ts';

export { LANES_FOR_BODIES, type Lane } from '../conformance/on-each-lane.ts';

export interface FaultStage {
  readonly server: Replica;
  readonly upstream: RawUpstream;
}

/** What the upstream is allowed, in ms: short, for there are many tests. */
export const RESPONSE_TIMEOUT_MS = 400;
export const IDLE_TIMEOUT_MS = 400;
/** How much later a failure may come: undici's timers tick twice a second, and the machine is busy. */
export const SLACK_MS = 1500;

export async function faultStage(t: Test): Promise<FaultStage> {
  const upstream = await startRawUpstream(t);
  const server = await startReplica(t, {
    WXPROXY_UPSTREAM: upstream.url,
    WXPROXY_REPLAY_BODY_LIMIT: String(HELD_BYTES),
    WXPROXY_RESPONSE_TIMEOUT: `${RESPONSE_TIMEOUT_MS}ms`,
    WXPROXY_IDLE_TIMEOUT: `${IDLE_TIMEOUT_MS}ms`,
    WXPROXY_MAX_CONNECTIONS: '512',
  });
  await allReady([server]);
  return { server, upstream };
}

export type Method = 'GET' | 'HEAD' | 'POST';

/** Sends one request on the lane and waits for its answer. `id` goes into its query. */
export function ask(client: RawClient, method: Method, lane: Lane, id: string): Promise<RawAnswer> {
  const line = `${method} ${lane.path}?id=${id}`;
  if (method !== 'POST') return client.request(line).answer(method);
  const body = lane.body === '' ? '{}' : lane.body;
  return client.request(line, [`Content-Length: ${body.length}`], body).answer();
}

/** The id that `ask` gave a request. */
export function idOf({ target }: { readonly target: string }): string {
  return /[?&]id=([^&]+)/.exec(target)?.[1] ?? '';
}

export interface Timed {
  readonly answer: RawAnswer;
  readonly tookMs: number;
  readonly id: string;
}

/** `count` requests at once on each of the lanes, each on a connection of its own. */
export async function askTogether(
  t: Test,
  { server }: Pick<FaultStage, 'server'>,
  { method, lanes, count }: { method: Method; lanes: readonly Lane[]; count: number },
): Promise<readonly Timed[]> {
  const clients = await Promise.all(
    lanes.flatMap((lane) =>
      Array.from({ length: count }, async (_, n) => {
        const id = `${method}-${lanes.indexOf(lane)}-${n}`;
        return { lane, id, client: await rawClient(t, server.url) };
      }),
    ),
  );
  return Promise.all(
    clients.map(async ({ lane, id, client }) => {
      const startedMs = performance.now();
      const answer = await ask(client, method, lane, id);
      client.vanish();
      return { answer, tookMs: performance.now() - startedMs, id };
    }),
  );
}

/** The greatest of a duration, in whole ms. */
export function slowestMs(timed: readonly Timed[]): number {
  return Math.round(Math.max(...timed.map(({ tookMs }) => tookMs)));
}

/** Status and code of a failure, as one text: `504 ERR_UPSTREAM_TIMEOUT`. */
export function failureOf({ status, values }: RawAnswer): string {
  return `${status} ${values('x-wxproxy-error').join()}`;
}

/** How often each text occurs. */
export function tally(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}
