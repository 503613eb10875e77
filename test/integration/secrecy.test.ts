import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { FAULT_KINDS, type FaultKind } from '../../src/simulator/faults.ts';
import { runProgram, SERVE_ENV, serverAndSimulator } from '../helpers/process.ts';
import { call, type Reply } from './app.ts';
import { LeakSearch } from './leak-search.ts';

const SECRET = randomBytes(16).toString('hex');
const KEY = `key/${randomBytes(24).toString('base64')}+%`;
/** In the places of a request that are nobody's business but the app's. */
const PRIVATE = `private-${randomBytes(16).toString('hex')}`;
const { appid: APPID } = DEMO_ACCOUNT;

const ENV = {
  ...SERVE_ENV,
  WECHAT_APPSECRET: SECRET,
  WXPROXY_CLIENT_KEY: KEY,
  WXPROXY_LOG_LEVEL: 'trace',
  WXPROXY_REPLAY_BODY_LIMIT: '64KiB',
  WXPROXY_RESPONSE_TIMEOUT: '600ms',
  WXPROXY_DENY_PATHS: '/wxa/denied',
};

t.test(
  'no token and no secret comes out at trace level, whatever is called or fails',
  async (t) => {
    const { server, simulator } = await serverAndSimulator(t, ENV, {
      accounts: { [APPID]: SECRET },
    });
    const search = new LeakSearch();
    search.secret('the AppSecret', SECRET);
    search.secret('the client key', KEY);
    const { url } = server;
    const key = { 'x-wxproxy-key': KEY };
    const seen = (path: string, reply: Reply, status: number): Reply => {
      const [route = ''] = path.split('?', 1);
      t.equal(reply.status, status, route);
      search.output(`the answer to ${route}`, JSON.stringify([...reply.headers]) + reply.body);
      search.tokensOf(simulator);
      return reply;
    };
    const send = async (path: string, init: RequestInit = {}, status = 200): Promise<Reply> =>
      seen(path, await call(url + path, { ...init, headers: { ...key, ...init.headers } }), status);
    const post = (path: string, body: unknown, status = 200): Promise<Reply> =>
      send(path, { method: 'POST', body: JSON.stringify(body) }, status);
    const uploadMedia = async (): Promise<Reply> => {
      const placeholder = await placeholderOf(url);
      return call(`${url}/cgi-bin/media/upload?access_token=${placeholder}`, {
        method: 'POST',
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
        body: Buffer.alloc(100_000, PRIVATE),
      });
    };

    await t.test('every route', async () => {
      await send(`/wxa/order?marker=${PRIVATE}`, {
        headers: { authorization: `Bearer ${PRIVATE}`, cookie: `session=${PRIVATE}` },
      });
      await post('/cgi-bin/message/custom/send', { text: PRIVATE });
      await send(`/cgi-bin/user/get?access_token=${await placeholderOf(url)}`);
      await send('/cgi-bin/media/get?media_id=m');
      seen('/cgi-bin/media/upload', await uploadMedia(), 200);
      const quoted = await post('/cgi-bin/openapi/rid/get', { rid: '1-2-3' });
      t.match(quoted.body, 'user/get?access_token=***', 'the answer that quotes a token');
      await send(
        `/cgi-bin/token?grant_type=client_credential&appid=${APPID}&secret=${encodeURIComponent(KEY)}`,
      );
      await post('/cgi-bin/stable_token', { appid: APPID, secret: KEY, force_refresh: true });
      const session = await send(`/sns/jscode2session?js_code=${PRIVATE}&secret=${SECRET}`);
      await post('/cgi-bin/clear_quota/v2', { appid: APPID, appsecret: KEY });
      const login = await send(`/sns/oauth2/access_token?code=${PRIVATE}-2`);
      const { access_token: user, openid, refresh_token: refresh } = login.json;
      await send(`/sns/userinfo?access_token=${user}&openid=${openid}`);
      await send(`/sns/oauth2/refresh_token?appid=${APPID}&refresh_token=${refresh}`);
      await send(`/tcb/call?cloudbase_access_token=${PRIVATE}`);
      for (const value of [user, refresh, openid, session.json['session_key'], PRIVATE]) {
        search.secret('what is the user’s', String(value));
      }
    });

    await t.test('rejections and replays', async () => {
      simulator.rotate();
      await send('/wxa/order');
      simulator.rotate();
      t.equal(seen('/cgi-bin/media/upload', await uploadMedia(), 200).json['errcode'], 40001);
      simulator.reject({ count: 2 });
      t.equal((await send('/wxa/order')).json['errcode'], 40001);
    });

    await t.test('every refusal', async () => {
      seen('/wxa/order', await call(`${url}/wxa/order?secret=${SECRET}`), 401);
      seen(
        '/wxa/order',
        await call(`${url}/wxa/order`, { headers: { 'x-wxproxy-key': SECRET } }),
        401,
      );
      await send(`/wxa/denied?secret=${SECRET}`, {}, 403);
      await send(`/wxa/order?secret=${SECRET}`, { headers: { origin: 'http://else.where' } }, 403);
      await send(`//wxa/order?secret=${SECRET}`, {}, 400);
      await send('/wxa/order', { headers: { 'x-wechat-appid': SECRET } }, 404);
      await send(`/wxa/order?${'x'.repeat(17_000)}=${SECRET}`, {}, 414);
      await post('/cgi-bin/stable_token', { secret: 'x'.repeat(70_000) }, 413);
      const line = `/wxa/order?secret=${SECRET}`;
      const head = `Host: localhost\r\nx-wxproxy-key: ${KEY}\r\n`;
      for (const [request, status] of [
        [`GET ${line} HTTP/1.1\r\n${head.replace('localhost', SECRET)}\r\n`, 421],
        [`GET ${line} HTTP/9.9\r\n${head}\r\n`, 400],
        [`CONNECT ${SECRET}:443 HTTP/1.1\r\n${head}\r\n`, 405],
        [`GET ${line} HTTP/1.1\r\n${head}Upgrade: ${SECRET}\r\nConnection: upgrade\r\n\r\n`, 400],
        [`GET ${line} HTTP/1.1\r\n${head}x: ${SECRET.repeat(1200)}\r\n\r\n`, 431],
        [`GET ${line} HTTP/1.1\r\n${head}${SECRET}\r\n\r\n`, 400],
      ] as const) {
        const answer = await rawAnswer(url, request);
        t.match(answer, `HTTP/1.1 ${status} `);
        search.output(`the answer ${status} to a raw request`, answer);
      }
    });

    await t.test('every failure of the upstream, on both lanes', async () => {
      const waiting: readonly FaultKind[] = ['hold', 'delay', 'slow'];
      const kinds = (Object.keys(FAULT_KINDS) as FaultKind[]).filter(
        (kind) => !waiting.includes(kind),
      );
      for (const kind of kinds) {
        simulator.fault({ kind, count: 2, path: '/wxa/order' });
        simulator.fault({ kind, path: '/cgi-bin/media/upload' });
        for (const once of [
          () => call(`${url}/wxa/order?secret=${SECRET}`, { headers: key }),
          () => call(`${url}/wxa/order`, { headers: key, method: 'POST', body: PRIVATE }),
          uploadMedia,
        ]) {
          const answer = await once().then(
            ({ status, headers, body }) => `${status} ${JSON.stringify([...headers])} ${body}`,
            (error: unknown) => `broken off: ${String(error)}`,
          );
          search.output(`the answer to a ${kind}`, answer);
        }
        search.tokensOf(simulator);
      }
      t.equal(simulator.state().faults.length, 0, 'each happened');
    });

    await t.test('the pages of the admin listener', async () => {
      for (const path of ['/', '/metrics', '/healthz', '/readyz', `/${SECRET}?x=${KEY}`]) {
        const { headers, body } = await call(server.admin + path);
        search.output(
          `the admin listener's ${path.length > 9 ? '404' : path}`,
          JSON.stringify([...headers]) + body,
        );
      }
    });

    server.kill('SIGTERM');
    const { code, stdout, stderr } = await server.exited;
    t.equal(code, 0);
    t.equal(stderr, '');
    t.ok(stdout.split('\n').length > 40, 'it had something to say');
    search.output('standard output', stdout);
    search.output('standard error', stderr);
    for (const argv of [
      ['check-config'],
      ['check-config', '--appsecret', SECRET, `--client-key=${KEY}`],
    ]) {
      const checked = await runProgram(t, argv, { env: ENV });
      search.output('check-config', checked.stdout + checked.stderr);
    }

    t.ok(search.secrets > 8, `${search.secrets} secrets were searched for`);
    t.ok(search.outputs > 60, `in ${search.outputs} outputs`);
    // What is the user's own goes to the app, and to nobody else.
    const isAnswer = (from: string): boolean => from.startsWith('the answer');
    t.strictSame(
      search.found((from) => !isAnswer(from)),
      [],
    );
    t.strictSame(
      search.found(isAnswer).filter((leak) => !leak.startsWith('what is the user')),
      [],
    );
  },
);

async function placeholderOf(url: string): Promise<string> {
  const { json } = await call(
    `${url}/cgi-bin/token?appid=${APPID}&secret=${encodeURIComponent(KEY)}`,
  );
  return String(json['access_token']);
}

async function rawAnswer(url: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(request);
  return text(socket);
}
