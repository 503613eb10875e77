import t from 'tap';
import { startProxy, untilReady } from '../helpers/proxy.ts';
import { rawClient } from '../helpers/raw-client.ts';
import { startRawUpstream } from '../helpers/raw-upstream.ts';

const SECOND = 'GET /sns/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** http-proxy 1.18 sends a chunked DELETE or OPTIONS with length 0, and its body right behind. */
for (const [lane, path] of [
  ['stream lane', '/sns/auth'],
  ['replay lane', '/cgi-bin/tags/get'],
] as const) {
  for (const method of ['DELETE', 'OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'PROPFIND']) {
    t.test(
      `the body of a chunked ${method} does not become a second request (${lane})`,
      async (t) => {
        const upstream = await startRawUpstream(t);
        const proxy = await startProxy(t, { upstream: upstream.url });
        await untilReady(proxy);
        const client = await rawClient(t, proxy.url);
        await client.request(`GET ${path}?first`).answer();
        client.request(
          `${method} ${path}?second`,
          ['Transfer-Encoding: chunked'],
          `${SECOND.length.toString(16)}\r\n${SECOND}\r\n0\r\n\r\n`,
        );
        upstream.answer =
          method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n' : upstream.answer;
        t.equal((await client.answer(method)).status, 200);
        upstream.answer = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthird';
        const third = await client.request(`GET ${path}?third`).answer();
        t.equal(third.body.toString(), 'third', 'the next answer is that of the next request');
        const seen = upstream.requests.map(
          (request) => `${request.method} ${request.target.slice(0, path.length + 4)}`,
        );
        t.strictSame(seen, [`GET ${path}?fir`, `${method} ${path}?sec`, `GET ${path}?thi`]);
        const [first, second] = upstream.requests;
        t.equal(second?.connection, first?.connection, 'the connection was kept and used again');
        t.equal((await second?.whole)?.toString(), SECOND);
        t.strictSame(second?.values('content-length'), [String(SECOND.length)]);
        t.strictSame(second?.values('transfer-encoding'), []);
      },
    );
  }
}
