/** No contender is timed before it has shown that it does the work. */
import { createHash } from 'node:crypto';
import type { Contender, Running } from './contenders/contender.ts';
import type { Fleet } from './fleet.ts';
import { LoadConnection, type Answer } from './load/connection.ts';
import { bodyOf, workload } from './load/requests.ts';
import { firstRequest } from './phases/startup.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { ACCOUNTS } from './upstream/accounts.ts';
import { ANSWER_BODIES, MARK } from './upstream/answers.ts';
import type { Received, Upstream } from './upstream/upstream.ts';

const KEEP_ALIVE_REQUESTS = 20;

/** @throws {Error} that names the contender and what it got wrong */
export async function prove(running: Running, upstream: Upstream): Promise<void> {
  const { contender, place } = running;
  const must = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`${contender.name} is wrong and is not timed: ${what}`);
  };
  const host = `127.0.0.1:${place.port}`;
  const connection = await LoadConnection.open({ port: place.port }, true);
  const exchange = (request: Buffer): Promise<Answer> =>
    connection.exchange(request).catch((error: unknown) => {
      throw new Error(`${contender.name}: ${(error as Error).message}`, { cause: error });
    });
  const received: Received[] = [];
  upstream.record = received;
  try {
    for (const scenario of SCENARIOS) {
      const request = workload(scenario, { host }).requests[0] as Buffer;
      received.length = 0;
      const { status, head, body } = await exchange(request);
      must(status === 200, `${scenario}: status ${status}`);
      must(received.length === 1, `${scenario}: ${received.length} requests for one`);
      const fault = faultOf(received[0] as Received, request, scenario);
      must(fault === undefined, `${scenario}: ${fault ?? ''}`);
      must(ANSWER_BODIES[scenario].equals(body as Buffer), `${scenario}: another answer's body`);
      must(hasField(head, MARK), `${scenario}: an answer's field is lost`);
      must(!connection.closed, `${scenario}: the connection was not kept`);
    }
    const before = upstream.connections;
    const request = workload('get', { host }).requests[0] as Buffer;
    for (let i = 0; i < KEEP_ALIVE_REQUESTS; i += 1) await exchange(request);
    // One that was idle may have ended just then.
    must(upstream.connections - before <= 1, 'connections to the upstream are not kept');
    must(upstream.wrong === 0, 'a request without the token');
  } finally {
    upstream.record = undefined;
    connection.close();
  }
}

/** Before an upstream whose CA it was not told of, it must not get through. */
export async function proveVerifies(
  contender: Contender,
  fleet: Fleet,
  stranger: Upstream,
): Promise<void> {
  const started = await fleet
    .start(contender, firstRequest, { upstream: stranger.address })
    // Some hang up instead of answering.
    .catch(() => undefined);
  if (started === undefined) return;
  await fleet.stop(started);
  if (started.firstAnswer.status < 400) {
    throw new Error(`${contender.name} is wrong and is not timed: it trusts any certificate`);
  }
}

function faultOf(
  { head, bodySha256 }: Received,
  request: Buffer,
  scenario: Scenario,
): string | undefined {
  const lines = request.toString('latin1', 0, request.indexOf('\r\n\r\n')).split('\r\n');
  const [method, url] = (lines[0] as string).split(' ');
  if (!head.startsWith(`${method} ${url}&access_token=${ACCOUNTS.token(0)} HTTP/1.1\r\n`)) {
    return 'method, path, query or token';
  }
  const lost = lines
    .slice(1)
    .filter((line) => !/^(host|connection|content-length):/i.test(line))
    .find((line) => !hasField(head, line));
  if (lost !== undefined) return `the field ${lost.split(':', 1)[0]} is lost or changed`;
  const body = bodyOf(scenario) ?? Buffer.alloc(0);
  if (body.length > 0 && !hasField(head, `Content-Length: ${body.length}`)) return 'the length';
  if (bodySha256 !== createHash('sha256').update(body).digest('hex')) return 'the body';
  return undefined;
}

/** Names without regard to case, values exactly. */
function hasField(head: string, field: string): boolean {
  const colon = field.indexOf(':');
  const name = field.slice(0, colon).toLowerCase();
  const value = field.slice(colon + 1).trim();
  return head.split('\r\n').some((line) => {
    const at = line.indexOf(':');
    return line.slice(0, at).toLowerCase() === name && line.slice(at + 1).trim() === value;
  });
}
