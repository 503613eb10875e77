import t from 'tap';
import { head, hostileStage, SMUGGLED } from './hostile-stage.ts';

const stage = await hostileStage(t);
const REFUSAL = { status: 431, code: 'REQUEST_REFUSED', says: /larger than 32768 bytes/ };

t.test('a head of more than 32 KiB is refused with 431, whatever makes it large', async (t) => {
  const large = 'x'.repeat(33 * 1024);
  for (const fields of [
    [`X-A: ${large}`],
    [`X-${large}: a`],
    [`Cookie: ${large}`],
    Array.from({ length: 5000 }, (_, n) => `X-${n}: abc`),
    // Names and values are what is counted.
    Array.from({ length: 17_000 }, () => 'a:b'),
  ]) {
    const answer = await stage.refuses(t, head(`GET /${SMUGGLED}`, ...fields), REFUSAL);
    t.strictSame(answer.values('connection'), ['close']);
  }
});

t.test('a head that never ends is refused as soon as it is too large', async (t) => {
  const client = await stage.connect(t);
  client.send(`GET /${SMUGGLED} HTTP/1.1\r\nHost: localhost\r\n`);
  for (let n = 0; n < 200; n++) client.send(`X-${n}: ${'x'.repeat(1000)}\r\n`);
  t.equal((await client.answer()).status, 431);
  t.equal(await client.ended(), 'closed');
});

t.test('trailers without end are refused', async (t) => {
  const client = await stage.connect(t);
  client.request(`POST /${SMUGGLED}`, ['Transfer-Encoding: chunked'], '0\r\n');
  for (let n = 0; n < 200; n++) client.send(`X-${n}: ${'x'.repeat(1000)}\r\n`);
  t.equal((await client.answer()).status, 431);
});

t.test('a chunk extension without end is refused', async (t) => {
  const client = await stage.connect(t);
  client.request(`POST /${SMUGGLED}`, ['Transfer-Encoding: chunked'], '1;');
  for (let n = 0; n < 200; n++) client.send('x'.repeat(1000));
  t.equal((await client.answer()).status, 400);
});

for (const path of ['/cgi-bin/body', '/sns/body']) {
  t.test(`a length behind 1,500 other fields is seen: ${path}`, async (t) => {
    const body = head(`GET /${SMUGGLED}`);
    const many = Array.from({ length: 1500 }, (_, n) => `X-${n}: ${n}`);
    const client = await stage.connect(t);
    client.request(`POST ${path}`, [...many, `Content-Length: ${body.length}`], body);
    t.equal((await client.answer()).status, 200);
    const request = stage.upstream.requests.at(-1);
    t.equal((await request?.whole)?.toString(), body, 'the body is a body');
    t.equal(
      request?.fields.filter(([name]) => name.startsWith('X-')).length,
      1500,
      'all are there',
    );
  });

  t.test(`a transfer coding behind 1,500 other fields is seen: ${path}`, async (t) => {
    const body = head(`GET /${SMUGGLED}`);
    const many = Array.from({ length: 1500 }, (_, n) => `X-${n}: ${n}`);
    const client = await stage.connect(t);
    client.request(
      `POST ${path}`,
      [...many, 'Transfer-Encoding: chunked'],
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    );
    t.equal((await client.answer()).status, 200);
    t.equal((await stage.upstream.requests.at(-1)?.whole)?.toString(), body);
  });
}

t.test('what the guard looks for is seen behind 1,500 other fields', async (t) => {
  const many = Array.from({ length: 1500 }, (_, n) => `X-${n}: ${n}`);
  const get = (field: string): string => head(`GET /${SMUGGLED}`, ...many, field);
  await stage.refuses(t, get('Origin: https://evil.example'), { status: 403, code: 'FORBIDDEN' });
  await stage.refuses(t, get('Sec-Fetch-Site: cross-site'), { status: 403, code: 'FORBIDDEN' });
  const refused = { status: 400, code: 'REQUEST_REFUSED' };
  await stage.refuses(t, get('Host: localhost'), refused);
  await stage.refuses(t, get('Upgrade: websocket'), refused);
});

t.test(
  'after all of them both lanes serve, and one request came for each one served',
  async (t) => {
    const lines = stage.upstream.requests.map(({ line }) => line);
    t.notOk(lines.some((line) => line.includes(SMUGGLED)));
    const before = lines.length;
    const client = await stage.connect(t);
    t.equal((await client.request('GET /cgi-bin/last').answer()).status, 200);
    t.equal((await client.request('GET /sns/last').answer()).status, 200);
    t.equal(stage.upstream.requests.length, before + 2);
    t.equal(await stage.proxy.metric('requests_in_flight'), 0);
  },
);
