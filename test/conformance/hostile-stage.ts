/**
 * A proxy before a raw upstream that keeps its connections, for requests that must not get through:
 * each is refused in the shape that apps know, and what the upstream received proves the rest.
 */
import type { Test } from 'tap';
import { startProxy, until, untilReady, type RunningProxy } from '../helpers/proxy.ts';
import { rawClient, type RawAnswer, type RawClient } from '../helpers/raw-client.ts';
import { type RawUpstream, startRawUpstream } from '../helpers/raw-upstream.ts';

/** In everything that must not reach the upstream. */
export const SMUGGLED = 'smuggled';

/** One for each lane. */
const SERVED = ['/cgi-bin/served', '/sns/served'] as const;

export interface Refusal {
  readonly status: number;
  /** Without `ERR_`. */
  readonly code: string;
  /** What the text must tell the reader. */
  readonly says?: RegExp;
}

export interface HostileStage {
  readonly proxy: RunningProxy;
  readonly upstream: RawUpstream;
  readonly connect: (t: Test) => Promise<RawClient>;
  /** Sends bytes on a connection of their own and checks that they are refused as told. */
  refuses(t: Test, bytes: string, refusal: Refusal): Promise<RawAnswer>;
  /** Checks that both lanes serve and that the upstream got nothing but the requests that say so. */
  isUnharmed(t: Test): Promise<void>;
}

/** An upstream connection per lane is open, and kept, before the first hostile byte is sent. */
export async function hostileStage(
  t: Test,
  env: Readonly<Record<string, string>> = {},
): Promise<HostileStage> {
  const upstream = await startRawUpstream(t);
  const proxy = await startProxy(t, { upstream: upstream.url, env });
  await untilReady(proxy);
  const connect = (from: Test): Promise<RawClient> => rawClient(from, proxy.url);
  const key = env['WXPROXY_CLIENT_KEY'];
  const fields = key === undefined ? [] : [`x-wxproxy-key: ${key}`];
  /** @returns what the upstream got for it */
  const serve = async (t: Test): Promise<readonly string[]> => {
    const before = upstream.requests.length;
    const client = await connect(t);
    for (const path of SERVED) {
      const { status } = await client.request(`GET ${path}`, fields).answer();
      if (status !== 200) throw new Error(`${path} is answered ${status}`);
    }
    client.vanish();
    return upstream.requests.slice(before).map(({ line }) => line.split(/[ ?]/)[1] as string);
  };
  await serve(t);
  const tokenCalls = upstream.tokenCalls;
  return {
    proxy,
    upstream,
    connect,
    async refuses(t, bytes, refusal) {
      const client = await connect(t);
      const answer = await client.send(bytes).answer(bytes.startsWith('HEAD') ? 'HEAD' : 'GET');
      isRefusal(t, answer, refusal);
      client.vanish();
      return answer;
    },
    async isUnharmed(t) {
      t.strictSame(await serve(t), SERVED, 'the upstream gets what is sent, and nothing else');
      for (const { received } of upstream.connections) {
        t.notOk(received.includes(SMUGGLED), 'nothing was smuggled');
      }
      t.equal(upstream.tokenCalls, tokenCalls, 'no token was asked for');
      await until(
        async () => (await proxy.metric('requests_in_flight')) === 0,
        'no request is in flight',
      );
      t.strictSame(failures(proxy), [], 'nothing failed inside');
    },
  };
}

/** Log lines at level error or fatal. */
export function failures({ log }: RunningProxy): string[] {
  return log.filter((line) => /"level":"(?:error|fatal)"/.test(line));
}

/** The one shape of a refusal: status, `errcode` and `errmsg`, and its code twice. */
export function isRefusal(t: Test, answer: RawAnswer, { status, code, says = /./ }: Refusal): void {
  const label = `refused with ${status} ${code}`;
  t.equal(answer.status, status, label);
  t.strictSame(answer.values('x-wxproxy-error'), [`ERR_${code}`], `${label}: the header`);
  t.strictSame(answer.values('content-type'), ['application/json; charset=utf-8']);
  t.equal(answer.end, 'whole', `${label}: the answer is whole`);
  if (answer.body.length === 0) return; // to HEAD
  const body = JSON.parse(answer.body.toString()) as { errcode: number; errmsg: string };
  t.strictSame(Object.keys(body), ['errcode', 'errmsg']);
  t.equal(body.errcode, status);
  t.ok(body.errmsg.endsWith(` (ERR_${code})`), `${label}: the text ends with the code`);
  t.match(body.errmsg, says, `${label}: the text says what to do`);
}

/** A request without a body, `Host` and the empty line added. */
export function head(line: string, ...fields: readonly string[]): string {
  return `${[line.includes(' HTTP/') ? line : `${line} HTTP/1.1`, 'Host: localhost', ...fields].join('\r\n')}\r\n\r\n`;
}
