import t, { type Test } from 'tap';
import type { RawRequest } from '../helpers/raw-request.ts';
import {
  HELD_BYTES,
  LANES,
  LANES_FOR_BODIES,
  LARGE_BODIES,
  onEachLane,
  REPLAY_LANE,
  STREAM_LANE,
} from './on-each-lane.ts';

/** What every request to the upstream is: one length at most, and nothing else that says one. */
function framed(t: Test, request: RawRequest | undefined, length: string | undefined): void {
  t.strictSame(request?.values('transfer-encoding'), []);
  t.strictSame(request?.values('content-length'), length === undefined ? [] : [length]);
}

for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS']) {
  onEachLane(
    t,
    `${method} with a body has one Content-Length`,
    { lanes: LANES_FOR_BODIES },
    async (t, { client, lane, upstream }) => {
      const body = lane.body || '{"a": 1}';
      client.request(`${method} ${lane.path}`, [`Content-Length: ${body.length}`], body);
      t.equal((await client.answer()).status, 200);
      const [request] = upstream.requests;
      t.equal(request?.method, method);
      framed(t, request, `${body.length}`);
      t.equal((await request?.whole)?.toString(), body);
    },
  );
  onEachLane(
    t,
    `${method} with a small chunked body is given a Content-Length`,
    {},
    async (t, { client, path, upstream }) => {
      client.request(`${method} ${path}`, ['Transfer-Encoding: chunked']);
      client.send('3;ext="1"\r\nabc\r\n').send('A\r\n0123456789\r\n0\r\n\r\n');
      t.equal((await client.answer()).status, 200);
      framed(t, upstream.requests[0], '13');
      t.equal((await upstream.requests[0]?.whole)?.toString(), 'abc0123456789');
      t.equal(upstream.requests.length, 1);
    },
  );
}

for (const method of ['POST', 'PUT', 'PATCH']) {
  for (const fields of [[], ['Content-Length: 0'], ['Transfer-Encoding: chunked']]) {
    onEachLane(
      t,
      `${method} without a body (${fields[0] ?? 'no field'}) has Content-Length: 0`,
      {},
      async (t, { client, path, upstream }) => {
        client.request(`${method} ${path}`, fields);
        if (fields[0]?.startsWith('T')) client.send('0\r\n\r\n');
        t.equal((await client.answer()).status, 200);
        framed(t, upstream.requests[0], '0');
      },
    );
  }
}

onEachLane(t, 'GET without a body says nothing of one', {}, async (t, stage) => {
  await stage.get();
  framed(t, stage.upstream.requests[0], undefined);
});

onEachLane(
  t,
  'an empty chunked GET is the GET it means',
  {},
  async (t, { client, path, upstream }) => {
    client.request(`GET ${path}`, ['Transfer-Encoding: chunked'], '0\r\n\r\n');
    t.equal((await client.answer()).status, 200);
    t.strictSame(upstream.requests[0]?.values('transfer-encoding'), []);
    t.match(upstream.requests[0]?.values('content-length').join(), /^0?$/);
  },
);

for (const lane of [...LANES, LARGE_BODIES]) {
  onEachLane(
    t,
    'a chunked body larger than can be held is refused with 411, which says what to do',
    { lanes: [lane] },
    async (t, { client, upstream }) => {
      client.request(`POST ${lane.path}`, ['Transfer-Encoding: chunked']);
      client.send(`400\r\n${'x'.repeat(HELD_BYTES)}\r\n`).send('1\r\ny\r\n');
      const answer = await client.answer();
      t.equal(answer.status, 411);
      t.strictSame(answer.values('x-wxproxy-error'), ['ERR_LENGTH_REQUIRED']);
      const { errmsg } = JSON.parse(answer.body.toString()) as { errmsg: string };
      t.match(errmsg, /chunked body larger than 1024 bytes/);
      t.match(errmsg, /Content-Length/);
      t.match(errmsg, /WXPROXY_REPLAY_BODY_LIMIT/);
      client.send('0\r\n\r\n');
      t.equal((await client.request(`GET ${lane.path}`).answer()).status, 200, 'the next request');
      t.equal(upstream.requests.length, 1, 'the refused one was not forwarded');
    },
  );
}

for (const [lane, path] of [
  [REPLAY_LANE, '/cgi-bin/media/upload'],
  [STREAM_LANE, '/sns/other'],
  [STREAM_LANE, '/cgi-bin/component/api_query_auth?component_access_token=x'],
  [STREAM_LANE, '/wxa/x?cloudbase_access_token=x'],
] as const) {
  onEachLane(
    t,
    `a chunked body to ${path} is given a length`,
    { lanes: [lane] },
    async (t, { client, upstream }) => {
      client.request(`POST ${path}`, ['Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\n\r\n');
      t.equal((await client.answer()).status, 200);
      framed(t, upstream.requests[0], '2');
    },
  );
}

onEachLane(
  t,
  'a chunked code exchange is given the length of what it becomes',
  { lanes: [STREAM_LANE] },
  async (t, { client, upstream }) => {
    const fields = ['Transfer-Encoding: chunked', 'Content-Type: application/json'];
    client.request(
      'POST /cgi-bin/clear_quota/v2',
      fields,
      '14\r\n{"appsecret":"mine"}\r\n0\r\n\r\n',
    );
    t.equal((await client.answer()).status, 200);
    const [request] = upstream.requests;
    framed(t, request, `${(await request?.whole)?.length}`);
  },
);

onEachLane(
  t,
  'the bytes of a multipart upload arrive as they were sent',
  { lanes: LANES_FOR_BODIES },
  async (t, { client, lane, upstream }) => {
    const odd = Buffer.from(Array.from({ length: lane.body.length || 600 }, (_, i) => i & 0xff));
    const body = Buffer.concat([
      Buffer.from(
        '--b"=?\r\nContent-Disposition: form-data; name="media"; filename="\xe9"\r\n\r\n',
        'latin1',
      ),
      odd,
      Buffer.from('\r\n--b"=?--\r\n'),
    ]);
    client.request(`POST ${lane.path}`, [`Content-Length: ${body.length}`]);
    for (let at = 0; at < body.length; at += 100) client.send(body.subarray(at, at + 100));
    t.equal((await client.answer()).status, 200);
    t.ok((await upstream.requests[0]?.whole)?.equals(body));
  },
);
