import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import { head, hostileStage, SMUGGLED } from './hostile-stage.ts';

const KEY = 'client-key-of-this-test-0123456789';
const stage = await hostileStage(t, { WXPROXY_CLIENT_KEY: KEY });
const REFUSAL = { status: 401, code: 'CLIENT_KEY', says: /x-wxproxy-key/ };
const STATED = `grant_type=client_credential&appid=${DEMO_ACCOUNT.appid}`;

const wrong: readonly (readonly [what: string, fields: readonly string[]])[] = [
  ['none', []],
  ['an empty one', ['x-wxproxy-key:']],
  ['another one', [`x-wxproxy-key: ${KEY.replace('c', 'C')}`]],
  ['the last character missing', [`x-wxproxy-key: ${KEY.slice(0, -1)}`]],
  ['one character more', [`x-wxproxy-key: ${KEY}0`]],
  ['a single character', ['x-wxproxy-key: c']],
  ['a very long one', [`x-wxproxy-key: ${KEY.repeat(100)}`]],
  ['in quotes', [`x-wxproxy-key: "${KEY}"`]],
  ['given twice', [`x-wxproxy-key: ${KEY}`, `x-wxproxy-key: ${KEY}`]],
  ['right, then wrong', [`x-wxproxy-key: ${KEY}`, 'x-wxproxy-key: x']],
  ['in a header of another name', [`x-wxproxy_key: ${KEY}`, `authorization: Bearer ${KEY}`]],
  ['the AppSecret', [`x-wxproxy-key: ${DEMO_ACCOUNT.appsecret}`]],
];

for (const [what, fields] of wrong) {
  t.test(`no or a wrong client key is refused on every route: ${what}`, async (t) => {
    for (const path of [
      '/cgi-bin/smuggled',
      '/sns/userinfo',
      '/sns/oauth2/refresh_token',
      `/sns/jscode2session?${STATED}&js_code=smuggled`,
      `/cgi-bin/token?${STATED}`,
      `/${DEMO_ACCOUNT.appid}/cgi-bin/smuggled`,
    ]) {
      for (const method of ['GET', 'POST']) {
        await stage.refuses(t, head(`${method} ${path}`, ...fields, 'X-A: smuggled'), REFUSAL);
      }
    }
  });
}

t.test('a key in the query of an ordinary call proves nothing', async (t) => {
  for (const name of ['x-wxproxy-key', 'key', 'secret', 'access_token']) {
    await stage.refuses(t, head(`GET /cgi-bin/smuggled?${name}=${KEY}`), REFUSAL);
  }
});

t.test('a wrong header is not excused by a right secret', (t) =>
  stage.refuses(t, head(`GET /cgi-bin/token?${STATED}&secret=${KEY}`, 'x-wxproxy-key: x'), REFUSAL),
);

t.test('a wrong secret is refused at token endpoints and code exchanges', async (t) => {
  for (const secret of ['', 'x', KEY.slice(1), DEMO_ACCOUNT.appsecret]) {
    for (const path of ['/cgi-bin/token', '/sns/jscode2session', '/sns/oauth2/access_token']) {
      await stage.refuses(t, head(`GET ${path}?${STATED}&secret=${secret}&x=smuggled`), REFUSAL);
    }
    const body = JSON.stringify({ appid: DEMO_ACCOUNT.appid, secret, smuggled: true });
    for (const path of ['/cgi-bin/stable_token', '/cgi-bin/clear_quota/v2']) {
      const bytes = head(`POST ${path}`, `Content-Length: ${body.length}`) + body;
      await stage.refuses(t, bytes, REFUSAL);
    }
  }
});

t.test('a placeholder is proof only as it was handed out', async (t) => {
  const client = await stage.connect(t);
  const issued = await client.request(`GET /cgi-bin/token?${STATED}&secret=${KEY}`).answer();
  const { access_token: placeholder } = JSON.parse(issued.body.toString()) as {
    access_token: string;
  };
  for (const path of ['/cgi-bin/served', '/sns/userinfo']) {
    const answer = await client.request(`GET ${path}?access_token=${placeholder}`).answer();
    t.equal(answer.status, 200, `${path} with the placeholder`);
  }
  const last = placeholder.at(-1) === 'A' ? 'B' : 'A';
  for (const token of [
    `${placeholder.slice(0, -1)}${last}`,
    placeholder.slice(0, -1),
    `wxp-${DEMO_ACCOUNT.appid}-${'A'.repeat(43)}`,
    placeholder.replace(DEMO_ACCOUNT.appid, 'wxffffffffffffffff'),
    placeholder.toLowerCase(),
    'wxp-',
  ]) {
    const path = `/cgi-bin/smuggled?access_token=${token}`;
    await stage.refuses(t, head(`GET ${path}`), REFUSAL);
  }
});

const keyed: readonly (readonly [what: string, send: (client: RawClient) => RawClient])[] = [
  ['as a header', (client) => client.request('GET /cgi-bin/x', [`X-WxProxy-Key: ${KEY}`])],
  [
    'as a header that Connection names',
    (client) =>
      client.request('GET /cgi-bin/x', [`x-wxproxy-key: ${KEY}`, 'Connection: x-wxproxy-key']),
  ],
  ['as a header, streamed', (client) => client.request('GET /sns/x', [`x-wxproxy-key: ${KEY}`])],
  [
    'as secret of a code exchange',
    (client) => client.request(`GET /sns/jscode2session?${STATED}&secret=${KEY}&js_code=c`),
  ],
  [
    'as secret with its name encoded',
    (client) => client.request(`GET /sns/jscode2session?${STATED}&%73ecret=${KEY}&js_code=c`),
  ],
  [
    'as secret and as appsecret, and twice',
    (client) =>
      client.request(
        `GET /sns/jscode2session?${STATED}&secret=${KEY}&appsecret=${KEY}&secret=${KEY}&js_code=c`,
      ),
  ],
  ['in a JSON body', (client) => withBody(client, { appid: DEMO_ACCOUNT.appid, secret: KEY })],
  [
    'in a JSON body, under the other name',
    (client) => withBody(client, { appid: DEMO_ACCOUNT.appid, appsecret: KEY }),
  ],
  ['in a JSON body without an appid', (client) => withBody(client, { secret: KEY, x: 1 })],
  [
    'in a JSON body under both names',
    (client) => withBody(client, { appid: DEMO_ACCOUNT.appid, secret: KEY, appsecret: KEY }),
  ],
  [
    'in a JSON body and in a trailer',
    (client) =>
      client.request(
        'POST /cgi-bin/x',
        ['Transfer-Encoding: chunked', `x-wxproxy-key: ${KEY}`, 'Trailer: x-wxproxy-key'],
        `2\r\n{}\r\n0\r\nx-wxproxy-key: ${KEY}\r\n\r\n`,
      ),
  ],
];

for (const [what, send] of keyed) {
  t.test(`the right key is served, and goes no further: ${what}`, async (t) => {
    const before = stage.upstream.requests.length;
    t.equal((await send(await stage.connect(t)).answer()).status, 200);
    const [request, more] = stage.upstream.requests.slice(before);
    t.equal(more, undefined);
    await request?.whole;
    t.notOk(request?.bytes.includes(KEY), 'the upstream does not see the key');
    t.notOk(request?.bytes.includes('wxproxy-key'), 'nor the name of its header');
  });
}

t.test('the key is in no log line, no metric and no status page', async (t) => {
  const pages = await Promise.all(
    ['/', '/metrics'].map(async (path) => (await fetch(stage.proxy.admin + path)).text()),
  );
  t.notOk([...stage.proxy.log, ...pages].some((text) => text.includes(KEY)));
  t.notOk(stage.proxy.log.some((text) => text.includes(DEMO_ACCOUNT.appsecret)));
  t.ok(stage.proxy.log.some((text) => text.includes('ERR_CLIENT_KEY')));
});

t.test('refusals are counted', async (t) => {
  t.ok((await stage.proxy.metric('requests_refused_total', { reason: 'client_key' })) > 100);
});

t.test('after all of them both lanes serve, and nothing was smuggled', (t) => stage.isUnharmed(t));

function withBody(client: RawClient, json: object): RawClient {
  const body = JSON.stringify(json);
  t.notOk(body.includes(SMUGGLED));
  return client.request(
    `POST /cgi-bin/clear_quota/v2?appid=${DEMO_ACCOUNT.appid}`,
    [`Content-Length: ${body.length}`, ...(/"appid"/.test(body) ? [] : [`x-wxproxy-key: ${KEY}`])],
    body,
  );
}
