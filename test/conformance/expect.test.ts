import t from 'tap';
import type { RawAnswer, RawClient } from '../helpers/raw-client.ts';
import { LANES_FOR_BODIES, onEachLane } from './on-each-lane.ts';

const EXPECT = 'Expect: 100-continue';

onEachLane(
  t,
  'a body that waits for leave is invited, and the expectation goes no further',
  { lanes: LANES_FOR_BODIES },
  async (t, { client, lane, upstream }) => {
    const body = lane.body || 'body';
    client.request(`POST ${lane.path}`, [EXPECT, `Content-Length: ${body.length}`]);
    t.equal((await client.answer()).status, 100);
    client.send(body);
    t.equal((await client.answer()).status, 200);
    const [request] = upstream.requests;
    t.equal((await request?.whole)?.toString(), body);
    t.strictSame(request?.values('expect'), []);
  },
);

onEachLane(
  t,
  'a chunked body that waits for leave is invited',
  {},
  async (t, { client, path, upstream }) => {
    client.request(`POST ${path}`, [EXPECT, 'Transfer-Encoding: chunked']);
    t.equal((await client.answer()).status, 100);
    client.send('4\r\nbody\r\n0\r\n\r\n');
    t.equal((await client.answer()).status, 200);
    t.strictSame(upstream.requests[0]?.values('content-length'), ['4']);
  },
);

for (const [what, path, fields] of [
  ['a path the guard refuses', '/cgi-bin/../x', []],
  ['a browser', '/cgi-bin/x', ['Origin: https://example.com']],
  ['no client key', '/cgi-bin/x', []],
  ['an unknown account', '/cgi-bin/x', ['X-Wechat-Appid: wx0000000000000000']],
] as const) {
  onEachLane(
    t,
    `a body is not invited from ${what}`,
    {
      lanes: LANES_FOR_BODIES.slice(0, 1),
      env: what === 'no client key' ? { WXPROXY_CLIENT_KEY: 'k'.repeat(32) } : {},
    },
    async (t, { client, upstream }) => {
      client.request(`POST ${path}`, [EXPECT, 'Content-Length: 4', ...fields]);
      const answer = await client.answer();
      t.ok([400, 401, 403, 404].includes(answer.status), `${answer.status}`);
      t.strictSame(answer.values('connection'), ['close'], 'the body may or may not follow');
      t.strictSame(answer.values('keep-alive'), []);
      t.equal(await client.ended(), 'closed');
      t.equal(upstream.requests.length, 0);
    },
  );
}

for (const expectation of ['x-teapot', '100-continue, x-teapot', 'x=100-continue']) {
  onEachLane(
    t,
    `the expectation "${expectation}" cannot be met: 417`,
    {},
    async (t, { client, path, upstream }) => {
      client.request(`POST ${path}`, [`Expect: ${expectation}`, 'Content-Length: 4'], 'body');
      const answer = await client.answer();
      t.equal(answer.status, 417);
      t.strictSame(answer.values('x-wxproxy-error'), ['ERR_REQUEST_REFUSED']);
      t.equal(upstream.requests.length, 0);
    },
  );
}

onEachLane(
  t,
  'an expectation without a body is met by answering, and the connection stays',
  {},
  async (t, { client, path, upstream }) => {
    for (const round of [1, 2]) {
      client.request(`GET ${path}`, [EXPECT]);
      t.equal((await finalAnswer(client)).status, 200, `round ${round}`);
    }
    t.strictSame(upstream.requests[1]?.values('expect'), []);
  },
);

onEachLane(
  t,
  'a client of HTTP/1.0 is not invited: it knows no interim answers',
  {},
  async (t, { client, path }) => {
    client.request(`POST ${path} HTTP/1.0`, [EXPECT, 'Content-Length: 4'], 'body');
    t.equal((await client.answer()).status, 200);
  },
);

onEachLane(
  t,
  'a body that comes without waiting for leave is taken',
  {},
  async (t, { client, path, upstream }) => {
    client.request(`POST ${path}`, [EXPECT, 'Content-Length: 4'], 'body');
    t.equal((await finalAnswer(client)).status, 200);
    t.equal((await upstream.requests[0]?.whole)?.toString(), 'body');
  },
);

async function finalAnswer(client: RawClient): Promise<RawAnswer> {
  const answer = await client.answer();
  return answer.status === 100 ? client.answer() : answer;
}
