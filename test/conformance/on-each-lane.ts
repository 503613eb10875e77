/** Runs a case against each lane: a proxy and a raw upstream of its own, in a few lines. */
import type { Test } from 'tap';
import { startProxy, untilReady, type RunningProxy } from '../helpers/proxy.ts';
import { rawClient, type RawAnswer, type RawClient } from '../helpers/raw-client.ts';
import { OK } from '../helpers/raw-reply.ts';
import { type RawUpstream, startRawUpstream } from '../helpers/raw-upstream.ts';

export interface Lane {
  readonly name: string;
  /** Requests with this path take the lane … */
  readonly path: string;
  /** … if their body is at least this one; empty: also without a body. */
  readonly body: string;
}

/** What is held at most where the cases run. */
export const HELD_BYTES = 1024;

export const REPLAY_LANE: Lane = { name: 'replay lane', path: '/cgi-bin/message/send', body: '' };
export const STREAM_LANE: Lane = { name: 'stream lane', path: '/sns/userinfo', body: '' };
/** The stream lane again, but with a token to inject and an answer to judge. */
export const LARGE_BODIES: Lane = {
  name: 'stream lane, body too large to be held',
  path: '/cgi-bin/media/upload',
  body: 'large'.repeat(HELD_BYTES / 4),
};

export const LANES = [REPLAY_LANE, STREAM_LANE] as const;
export const LANES_FOR_BODIES = [REPLAY_LANE, STREAM_LANE, LARGE_BODIES] as const;
/** The lanes of calls that carry the app token. */
export const LANES_OF_API_CALLS = [REPLAY_LANE, LARGE_BODIES] as const;

export interface Stage {
  readonly lane: Lane;
  readonly path: string;
  readonly upstream: RawUpstream;
  readonly proxy: RunningProxy;
  readonly client: RawClient;
  readonly connect: () => Promise<RawClient>;
  /** Sends a GET on `client` and waits for its answer. */
  readonly get: (fields?: readonly string[]) => Promise<RawAnswer>;
  /** Sends a POST with its Content-Length on `client` and waits for its answer. */
  readonly post: (body?: string | Uint8Array, fields?: readonly string[]) => Promise<RawAnswer>;
}

export interface CaseOptions {
  readonly lanes?: readonly Lane[];
  /** How the upstream answers. */
  readonly answer?: RawUpstream['answer'];
  readonly env?: Readonly<Record<string, string>>;
  /** The proxy's first token comes only after this, and the case begins without one. */
  readonly tokensAfter?: Promise<unknown>;
}

export function onEachLane(
  t: Test,
  promise: string,
  options: CaseOptions,
  run: (t: Test, stage: Stage) => Promise<void>,
): void {
  for (const lane of options.lanes ?? LANES) {
    void t.test(`${promise} (${lane.name})`, async (t) => run(t, await stageFor(t, lane, options)));
  }
}

export async function stageFor(
  t: Test,
  lane: Lane,
  { answer = OK, env = {}, tokensAfter }: CaseOptions = {},
): Promise<Stage> {
  const upstream = await startRawUpstream(t, answer);
  if (tokensAfter !== undefined) upstream.tokensAfter = tokensAfter;
  const proxy = await startProxy(t, {
    upstream: upstream.url,
    env: { WXPROXY_REPLAY_BODY_LIMIT: `${HELD_BYTES}`, ...env },
  });
  if (tokensAfter === undefined) await untilReady(proxy);
  const connect = (): Promise<RawClient> => rawClient(t, proxy.url);
  const client = await connect();
  return {
    lane,
    path: lane.path,
    upstream,
    proxy,
    client,
    connect,
    get: (fields) => client.request(`GET ${lane.path}`, fields).answer(),
    post: (body = lane.body, fields = []) =>
      client
        .request(`POST ${lane.path}`, [...fields, `Content-Length: ${body.length}`], body)
        .answer(),
  };
}
