import t from 'tap';
import { head, hostileStage } from './hostile-stage.ts';

const stage = await hostileStage(t);
const LINE = 'GET /smuggled HTTP/1.1\r\n';
const HOST = 'Host: localhost\r\n';

const malformed: readonly (readonly [what: string, bytes: string])[] = [
  ['a folded field', `${LINE}${HOST}X-A: b\r\n c\r\n\r\n`],
  ['a folded field, by a tab', `${LINE}${HOST}X-A:\r\n\tb\r\n\r\n`],
  ['a folded Host', `${LINE}Host:\r\n localhost\r\n\r\n`],
  ['a blank before the first field', `${LINE} ${HOST}\r\n`],
  ['a bare LF behind the request line', `GET /smuggled HTTP/1.1\n${HOST}\r\n`],
  ['a bare LF behind a field', `${LINE}Host: localhost\nX-A: b\r\n\r\n`],
  ['a bare LF in an empty field', `${LINE}${HOST}X-A:\nX-B: c\r\n\r\n`],
  ['a bare LF for the empty line', `${LINE}${HOST}\n`],
  ['nothing but bare LF', 'GET /smuggled HTTP/1.1\nHost: localhost\n\n'],
  ['a bare CR in a field', `${LINE}${HOST}X-A: b\rX-B: c\r\n\r\n`],
  ['a bare CR in an empty field', `${LINE}${HOST}X-A:\rX-B: c\r\n\r\n`],
  ['a bare CR behind the request line', `GET /smuggled HTTP/1.1\r${HOST}\r\n`],
  ['a NUL in a value', `${LINE}${HOST}X-A: b\0c\r\n\r\n`],
  ['a NUL in a name', `${LINE}${HOST}X-\0A: b\r\n\r\n`],
  ['a NUL in the target', `GET /smuggled\0 HTTP/1.1\r\n${HOST}\r\n`],
  ['a DEL in a value', `${LINE}${HOST}X-A: b\x7fc\r\n\r\n`],
  ['a space before the colon', `${LINE}${HOST}X-A : b\r\n\r\n`],
  ['a tab before the colon', `${LINE}${HOST}X-A\t: b\r\n\r\n`],
  ['a space before the colon of Host', `${LINE}Host : localhost\r\n\r\n`],
  ['a field without a name', `${LINE}${HOST}: b\r\n\r\n`],
  ['a field without a colon', `${LINE}${HOST}X-A\r\n\r\n`],
  ['a space in a name', `${LINE}${HOST}X A: b\r\n\r\n`],
  ['a tab in the target', `GET /smu\tggled HTTP/1.1\r\n${HOST}\r\n`],
  ['a space in the target', `GET /smu ggled HTTP/1.1\r\n${HOST}\r\n`],
  ['a control character in the query', `GET /smuggled?a=\x0cb HTTP/1.1\r\n${HOST}\r\n`],
  ['a byte beyond ASCII in the target', `GET /smuggled/\xe4 HTTP/1.1\r\n${HOST}\r\n`],
  ['no target', `GET HTTP/1.1\r\n${HOST}\r\n`],
  ['a method in lower case', `get /smuggled HTTP/1.1\r\n${HOST}\r\n`],
  ['an invented method', `SMUGGLE /smuggled HTTP/1.1\r\n${HOST}\r\n`],
  ['a blank before the method', ` GET /smuggled HTTP/1.1\r\n${HOST}\r\n`],
  ['a tab behind the method', `GET\t/smuggled HTTP/1.1\r\n${HOST}\r\n`],
  ['a blank behind the version', `GET /smuggled HTTP/1.1 \r\n${HOST}\r\n`],
  ['HTTP/1.2', `GET /smuggled HTTP/1.2\r\n${HOST}\r\n`],
  ['HTTP/2.0 in the clothes of HTTP/1', `GET /smuggled HTTP/2.0\r\n${HOST}\r\n`],
  ['HTTP/0.9 by its name', `GET /smuggled HTTP/0.9\r\n${HOST}\r\n`],
  ['HTTP/0.9', 'GET /smuggled\r\n\r\n'],
  ['a version in lower case', `GET /smuggled http/1.1\r\n${HOST}\r\n`],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03smuggled'],
  ['an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
];

for (const [what, bytes] of malformed) {
  t.test(`refused as malformed: ${what}`, async (t) => {
    const client = await stage.connect(t);
    await refusedAndClosed(t, bytes);
    // The same, one byte per segment.
    for (const byte of bytes) client.send(byte);
    t.equal((await client.answer()).status, 400);
    t.equal(await client.ended(), 'closed');
  });
}

const CHUNKED = head('POST /smuggled', 'Transfer-Encoding: chunked');
const chunks: readonly (readonly [what: string, body: string])[] = [
  ['a size that is no number', 'x\r\n'],
  ['no size', '\r\n3\r\nabc\r\n0\r\n\r\n'],
  ['a size in C notation', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['a signed size', '+3\r\nabc\r\n0\r\n\r\n'],
  ['a negative size', '-3\r\nabc\r\n0\r\n\r\n'],
  ['a blank before the size', ' 3\r\nabc\r\n0\r\n\r\n'],
  ['a size beyond 64 bits', '10000000000000003\r\nabc\r\n0\r\n\r\n'],
  ['a bare LF behind the size', '3\nabc\r\n0\r\n\r\n'],
  ['a bare CR behind the size', '3\rabc\r\n0\r\n\r\n'],
  ['a bare LF in an extension', '3;a\nabc\r\n0\r\n\r\n'],
  ['a bare CR in an extension', '3;a\rb\r\nabc\r\n0\r\n\r\n'],
  ['a chunk longer than its size', '3\r\nabcd\r\n0\r\n\r\n'],
  ['a bare LF behind a chunk', '3\r\nabc\n0\r\n\r\n'],
  ['a bare LF at the end', '3\r\nabc\r\n0\n\n'],
  ['a request for a trailer', `0\r\nGET /smuggled HTTP/1.1\r\n${HOST}\r\n`],
  ['a length among the trailers', '0\r\nContent-Length: 5\r\n\r\n'],
  ['a transfer coding among the trailers', '0\r\nTransfer-Encoding: chunked\r\n\r\n'],
];

for (const [what, body] of chunks) {
  t.test(`a chunked body with ${what} is refused at once`, (t) =>
    refusedAndClosed(t, CHUNKED + body),
  );
}

t.test('after all of them both lanes serve, and nothing was smuggled', (t) => stage.isUnharmed(t));

/** What follows cannot be told apart any more: one answer, and the connection ends. */
async function refusedAndClosed(
  t: Parameters<typeof stage.refuses>[0],
  bytes: string,
): Promise<void> {
  const answer = await stage.refuses(t, bytes, { status: 400, code: 'REQUEST_REFUSED' });
  t.strictSame(answer.values('connection'), ['close']);
  const client = await stage.connect(t);
  client.send(bytes + head('GET /smuggled'));
  await client.answer();
  t.equal(await client.ended(), 'closed');
  t.equal(client.unread.length, 0, 'there is one answer');
}
