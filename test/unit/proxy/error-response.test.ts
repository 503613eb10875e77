import { createServer, request, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { ProxyError, type ErrorCode, type ProxyErrorDetails } from '../../../src/errors.ts';
import { errorBody, respondError } from '../../../src/proxy/error-response.ts';
import { UpstreamError } from '../../../src/proxy/lanes/upstream-error.ts';

type Row = readonly [code: ErrorCode, status: number, errcode: number, retryAfter?: string];

/** DESIGN section 5. */
const ROWS: readonly Row[] = [
  ['ERR_REQUEST_REFUSED', 400, 400],
  ['ERR_CLIENT_KEY', 401, 401],
  ['ERR_FORBIDDEN', 403, 403],
  ['ERR_ACCOUNT_UNKNOWN', 404, 404],
  ['ERR_LENGTH_REQUIRED', 411, 411],
  ['ERR_MISDIRECTED', 421, 421],
  ['ERR_LOOP', 508, 508],
  ['ERR_TOKEN_REFUSED', 502, 502],
  ['ERR_UPSTREAM_CONNECT', 502, -1],
  ['ERR_UPSTREAM_RESET', 502, -1],
  ['ERR_TOKEN_UNAVAILABLE', 503, -1, '1'],
  ['ERR_DRAINING', 503, -1, '1'],
  ['ERR_OVERLOADED', 503, -1, '1'],
  ['ERR_UPSTREAM_TIMEOUT', 504, -1],
  ['ERR_INTERNAL', 500, 500],
];

t.test('every code is answered with its status, in WeChat’s own shape', async (t) => {
  for (const [code, status, errcode, retryAfter] of ROWS) {
    const { answer, body } = await answered(t, new ProxyError(code, 'it failed: mend it'));
    t.equal(answer.statusCode, status, code);
    t.strictSame(JSON.parse(body), { errcode, errmsg: `it failed: mend it (${code})` });
    t.equal(answer.headers['x-wxproxy-error'], code);
    t.equal(answer.headers['x-wxproxy-request-id'], 'id-1');
    t.equal(answer.headers['retry-after'], retryAfter, `${code}: retry-after`);
    t.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    t.equal(answer.headers['content-length'], String(Buffer.byteLength(body)));
    t.equal(answer.headers['cache-control'], 'no-store');
  }
});

t.test('what is said of an error goes before what its code says', async (t) => {
  const rows: readonly (readonly [ErrorCode, ProxyErrorDetails, number, number, string?])[] = [
    ['ERR_REQUEST_REFUSED', { status: 405 }, 405, 405],
    ['ERR_REQUEST_REFUSED', { status: 413 }, 413, 413],
    ['ERR_REQUEST_REFUSED', { status: 414 }, 414, 414],
    ['ERR_REQUEST_REFUSED', { status: 431 }, 431, 431],
    ['ERR_TOKEN_REFUSED', { errcode: 40164 }, 502, 40164],
    ['ERR_TOKEN_REFUSED', { errcode: 40013 }, 502, 40013],
    ['ERR_TOKEN_UNAVAILABLE', { errcode: 45009, retryAfterS: 60 }, 503, 45009, '60'],
    ['ERR_TOKEN_UNAVAILABLE', { retryAfterS: 30 }, 503, -1, '30'],
    ['ERR_OVERLOADED', { retryAfterS: 0 }, 503, -1, '0'],
  ];
  for (const [code, details, status, errcode, retryAfter] of rows) {
    const { answer, body } = await answered(t, new ProxyError(code, 'why', details));
    t.equal(answer.statusCode, status, code);
    t.equal((JSON.parse(body) as { errcode: number }).errcode, errcode, code);
    t.equal(answer.headers['retry-after'], retryAfter, code);
  }
});

t.test('what the upstream did is answered as busy: SDKs try that again', (t) => {
  const rows = [
    ['connect', 502, 'ERR_UPSTREAM_CONNECT'],
    ['reset', 502, 'ERR_UPSTREAM_RESET'],
    ['timeout', 504, 'ERR_UPSTREAM_TIMEOUT'],
  ] as const;
  for (const [reason, status, code] of rows) {
    t.match(new UpstreamError(reason, 'x', undefined), { status, code, errcode: -1, reason });
  }
  t.end();
});

t.test('no failure has a 2xx status, and none says that nothing is wrong', (t) => {
  for (const [code] of ROWS) {
    const error = new ProxyError(code, 'x');
    t.ok(error.status >= 400, code);
    t.not(error.errcode, 0, code);
  }
  t.end();
});

t.test('the body is JSON whatever the message holds, and never the cause', (t) => {
  const message = 'quotes " and \\ and \n and 你好 (invalid ip 1.2.3.4 rid: 1-2-3)';
  const cause = new Error('access_token=s3cret');
  const body = errorBody(new ProxyError('ERR_TOKEN_REFUSED', message, { errcode: 40164, cause }));
  t.strictSame(JSON.parse(body), { errcode: 40164, errmsg: `${message} (ERR_TOKEN_REFUSED)` });
  t.notMatch(body, 's3cret');
  t.end();
});

t.test('an answer to HEAD has the same head and no body', async (t) => {
  const error = new ProxyError('ERR_FORBIDDEN', 'no');
  const { answer, body } = await answered(t, error, 'HEAD');
  t.equal(answer.statusCode, 403);
  t.equal(answer.headers['content-length'], String(Buffer.byteLength(errorBody(error))));
  t.equal(body, '');
});

t.test('an answer that has begun is cut, not ended', async (t) => {
  const error = new ProxyError('ERR_UPSTREAM_RESET', 'cut');
  const url = await serving(t, (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/plain' });
    res.write('part');
    setImmediate(() => respondError({ res, id: 'id-1', before: undefined }, error));
  });
  await t.rejects(fetch(url).then((answer) => answer.text()));
});

async function serving(t: Tap, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function answered(
  t: Tap,
  error: ProxyError,
  method = 'GET',
): Promise<{ answer: IncomingMessage; body: string }> {
  const url = await serving(t, (_req, res) =>
    respondError({ res, id: 'id-1', before: undefined }, error),
  );
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method, agent: false }, resolve).once('error', reject).end();
  });
  return { answer, body: Buffer.concat(await answer.toArray()).toString() };
}

type Tap = Pick<typeof t, 'teardown'>;
