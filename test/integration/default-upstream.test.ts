import { createServer } from 'node:http';
import { Socket, type AddressInfo, type TcpNetConnectOpts } from 'node:net';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startProxy, untilReady } from '../helpers/proxy.ts';

/** Of a real socket: nock puts its own in this place as it is loaded. */
const connectSocket = Reflect.get(Socket.prototype, 'connect') as (
  this: Socket,
  options: TcpNetConnectOpts,
) => Socket;
const { default: nock } = await import('nock');

const WECHAT = 'https://api.weixin.qq.com';
const TOKEN = `90_${'aB3-_'.repeat(28)}`;

interface Seen {
  /** `POST https://host/path`, without the query, and its query. */
  readonly calls: [string, URLSearchParams][];
  /** What nobody was prepared for, loopback aside. */
  readonly strays: string[];
  /** Where the replay lane's connections were opened to. */
  readonly connected: Set<string>;
}

const ANSWERS: Readonly<Record<string, object>> = {
  '/cgi-bin/stable_token': { access_token: TOKEN, expires_in: 7200 },
  '/cgi-bin/token': { access_token: TOKEN, expires_in: 7200 },
  '/sns/jscode2session': { openid: 'o1', session_key: 'k' },
};

function answerTo(pathname: string): object {
  return ANSWERS[pathname] ?? { errcode: 0, errmsg: 'ok' };
}

/** nock's sockets read only as streams do. The replay lane's are led to a server of the test's, without TLS. */
async function rawSocketsToHere(t: Test, { calls, connected }: Seen): Promise<void> {
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '', `https://${req.headers.host}`);
    calls.push([`${req.method} ${url.origin}${url.pathname}`, url.searchParams]);
    res.end(JSON.stringify(answerTo(url.pathname)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const { connect } = tls;
  const toHere = (options: tls.ConnectionOptions & TcpNetConnectOpts): Socket => {
    const { host, port: asked, servername, onread } = options;
    if (onread === undefined) return connect(options);
    connected.add(`${host}:${asked} as ${servername}`);
    const socket = new Socket({ onread });
    connectSocket.call(socket, { port, host: '127.0.0.1' });
    return socket.once('connect', () => socket.emit('secureConnect'));
  };
  Object.assign(tls, { connect: toHere });
  t.teardown(() => {
    Object.assign(tls, { connect });
    server.closeAllConnections();
    server.close();
  });
}

/** From here on there is no network but loopback, and WeChat is nock. */
function onlyWechat(t: Test): Seen {
  const seen: Seen = { calls: [], strays: [], connected: new Set() };
  const stray = ({ url }: Request): void => {
    if (new URL(url).hostname !== '127.0.0.1') seen.strays.push(url);
  };
  nock.disableNetConnect();
  nock.enableNetConnect(/^127\.0\.0\.1\b/);
  nock.emitter.on('no match', stray);
  t.teardown(() => {
    nock.emitter.off('no match', stray);
    nock.cleanAll();
    nock.restore();
  });
  const answer = ({ method, url }: Request): [number, object] => {
    const { origin, pathname, searchParams } = new URL(url);
    seen.calls.push([`${method} ${origin}${pathname}`, searchParams]);
    return [200, answerTo(pathname)];
  };
  nock(WECHAT).persist().get(/.*/).reply(answer).post(/.*/).reply(answer);
  return seen;
}

t.test('without WXPROXY_UPSTREAM every call goes to https://api.weixin.qq.com', async (t) => {
  const seen = onlyWechat(t);
  await rawSocketsToHere(t, seen);
  for (const [api, tokenCall] of [
    ['stable_token', 'POST /cgi-bin/stable_token'],
    ['token', 'GET /cgi-bin/token'],
  ] as const) {
    const proxy = await startProxy(t, {
      env: { WXPROXY_TOKEN_API: api },
    });
    await untilReady(proxy);
    const ask = async (path: string, init?: RequestInit): Promise<number> =>
      (await fetch(`${proxy.url}${path}`, init)).status;
    t.equal(await ask('/cgi-bin/getcallbackip'), 200, 'on the replay lane');
    t.equal(await ask('/wxa/order', { method: 'POST', body: '{}' }), 200, 'with a body');
    t.equal(await ask('/sns/jscode2session?js_code=c'), 200, 'on the stream lane');
    await proxy.stop();
    const calls = seen.calls.splice(0);
    t.strictSame(
      calls.map(([call]) => call),
      [
        tokenCall.replace(' ', ` ${WECHAT}`),
        `GET ${WECHAT}/cgi-bin/getcallbackip`,
        `POST ${WECHAT}/wxa/order`,
        `GET ${WECHAT}/sns/jscode2session`,
      ],
    );
    t.strictSame(
      calls.slice(1).map(([, query]) => query.get('access_token')),
      [TOKEN, TOKEN, null],
    );
    t.equal(calls[3]?.[1].get('appid'), DEMO_ACCOUNT.appid);
  }
  t.strictSame(seen.strays, [], 'and nowhere else');
  t.strictSame([...seen.connected], ['api.weixin.qq.com:443 as api.weixin.qq.com']);
});
