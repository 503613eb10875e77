import t from 'tap';
import { createHash } from 'node:crypto';
import { bytes } from '../../../src/simulator/media.ts';
import { desk, dial, exchange } from './client.ts';

const JSON_TYPE = 'application/json; encoding=utf-8';

t.test(
  'a good token is let through; a missing, doubled, empty or unknown one is not',
  async (t) => {
    const { get, classicToken, simulator } = await desk(t);
    const token = await classicToken();
    const path = '/cgi-bin/getcallbackip';
    const good = await get(`${path}?access_token=${token}`);
    t.same(good.json, { ip_list: ['127.0.0.1', '127.0.0.2'] });
    t.equal(good.headers['content-type'], JSON_TYPE);
    for (const [query, errcode, errmsg] of [
      ['', 41001, /^access_token missing rid: /],
      [
        `?access_token=${token}&access_token=${token}`,
        40001,
        /^invalid credential, access_token is/,
      ],
      ['?access_token=', 40001, /more details at https:\/\/mmbizurl\.cn\/s\/JtxxFh33r rid: /],
      ['?access_token=90_unknown', 40001, / rid: \w{8}-\w{8}-\w{8}$/],
    ] as const) {
      const refused = await get(path + query);
      t.equal(refused.status, 200);
      t.equal(refused.headers['content-type'], JSON_TYPE);
      t.equal(refused.json['errcode'], errcode);
      t.match(refused.json['errmsg'], errmsg);
    }
    t.match(simulator.counts, {
      apiCalls: 5,
      rejectedCalls: 4,
      rejections: { 40001: 3, 41001: 1 },
    });
  },
);

t.test('an expired token is refused with 42001', async (t) => {
  const { classicToken, errcodeWith, clock } = await desk(t, { lifetimeMs: 60_000 });
  const token = await classicToken();
  clock.now += 60_000;
  t.equal(await errcodeWith(token), 42001);
});

t.test('a token of one account is good whichever other accounts there are', async (t) => {
  const { errcodeWith, classicToken, simulator } = await desk(t);
  const token = await classicToken();
  simulator.setSecret('wx2', 'two');
  simulator.revoke({ appid: 'wx2' });
  t.equal(await errcodeWith(token), 0);
});

t.test('a rejection by script hits the next calls, on its path only', async (t) => {
  const { classicToken, errcodeWith, simulator } = await desk(t);
  const token = await classicToken();
  simulator.reject({ count: 2 });
  t.equal(await errcodeWith(token), 40001);
  t.equal(await errcodeWith(token), 40001);
  t.equal(await errcodeWith(token), 0);
  simulator.reject({ path: '/wxa/*', errcode: 42001, count: 'forever' });
  for (let i = 0; i < 5; i += 1) t.equal(await errcodeWith(token, '/wxa/a'), 42001);
  t.equal(await errcodeWith(token), 0);
});

t.test('a rejection by script is not used up by a call with a bad token', async (t) => {
  const { classicToken, errcodeWith, simulator } = await desk(t);
  const token = await classicToken();
  simulator.reject({ errcode: 42001 });
  t.equal(await errcodeWith('bad'), 40001);
  t.equal(await errcodeWith(token), 42001);
});

t.test('the API quota ends in 45009, and clear_quota still works and clears it', async (t) => {
  const { classicToken, errcodeWith, post, simulator } = await desk(t);
  const token = await classicToken();
  simulator.set({ apiPerDay: 1 });
  t.equal(await errcodeWith(token), 0);
  t.equal(await errcodeWith(token), 45009);
  const clear = `/cgi-bin/clear_quota?access_token=${token}`;
  t.equal((await post(clear, { appid: 'wx_other' })).json['errcode'], 40013);
  t.equal((await post(clear, {})).json['errcode'], 0);
  t.equal(await errcodeWith(token), 0);
});

t.test('a chunked body and a POST without a length get an empty 412', async (t) => {
  const { simulator } = await desk(t);
  const head = ' /cgi-bin/menu/create HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`;
  const empty412 = /^HTTP\/1\.1 412 .*Content-Length: 0\r\n.*\r\n\r\n$/s;
  t.match(await exchange(simulator, `POST${chunked}`), empty412);
  t.match(await exchange(simulator, `PUT${chunked}`), empty412);
  t.match(await exchange(simulator, `POST${head}\r\n`), empty412);
  t.equal(simulator.counts.lengthRefused, 3);
});

t.test('an upload of many megabytes arrives whole: its media_id is its SHA-256', async (t) => {
  const { classicToken, post, simulator } = await desk(t);
  const body = bytes(11 * 1_048_576 + 7);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const path = `/cgi-bin/media/upload?type=voice&access_token=${await classicToken()}`;
  const reply = await post(path, body, { 'Content-Type': 'multipart/form-data; boundary=b' });
  t.match(reply.json, { type: 'voice', media_id: sha256 });
  t.match(simulator.requests.at(-1), { bodyBytes: body.length, bodySha256: sha256 });
  t.equal((await post(path, body, { 'Content-Type': 'image/png' })).json['errcode'], 41005);
});

t.test('media come back whole, of any size, with and without a length', async (t) => {
  const { classicToken, get } = await desk(t);
  const token = await classicToken();
  const path = `/cgi-bin/media/get?access_token=${token}`;
  for (const size of [0, 1, 65_536, 3_000_001]) {
    const reply = await get(`${path}&media_id=m&bytes=${size}`);
    t.equal(reply.headers['content-length'], String(size));
    t.ok(reply.body.equals(bytes(size)), `${size} bytes`);
  }
  const chunked = await get(`${path}&bytes=200000&chunked=1`);
  t.equal(chunked.headers['transfer-encoding'], 'chunked');
  t.ok(chunked.body.equals(bytes(200_000)));
  const picture = await get(`${path}&media_id=m`);
  t.equal(picture.headers['content-type'], 'image/jpeg');
  t.equal(picture.headers.connection, 'keep-alive');
  t.equal((await get(`${path}&media_id=close1`)).headers.connection, 'close');
  t.match((await get(`${path}&media_id=video1`)).json, { video_url: String });
  t.equal((await get(`${path}&media_id=invalid1`)).json['errcode'], 40007);
});

t.test('a large download waits for its reader', async (t) => {
  const { classicToken, get, simulator } = await desk(t);
  const token = await classicToken();
  // A simulator that ran ahead of its reader would never come to the end of so much.
  const size = 10 ** 12;
  const socket = dial(
    simulator,
    `GET /cgi-bin/media/get?bytes=${size}&access_token=${token} HTTP/1.1\r\nHost: x\r\n\r\n`,
  );
  await simulator.until((requests) => requests.some(({ url }) => url.includes('bytes=')));
  for (let i = 0; i < 20; i += 1) await get('/__simulator/counts');
  t.match(simulator.requests.at(-1), { end: 'open' });
  socket.destroy();
  await simulator.until((requests) => requests.at(-1)?.end === 'aborted');
});

t.test('binary on success, JSON on error', async (t) => {
  const { classicToken, post } = await desk(t);
  const token = await classicToken();
  const code = `/wxa/getwxacodeunlimit?access_token=${token}`;
  const image = await post(code, { scene: 'a=1' });
  t.equal(image.headers['content-type'], 'image/png');
  t.equal(image.body.subarray(1, 4).toString(), 'PNG');
  const refused = await post(code, {});
  t.equal(refused.headers['content-type'], JSON_TYPE);
  t.equal(refused.json['errcode'], 40169);
  const material = `/cgi-bin/material/get_material?access_token=${token}`;
  t.equal((await post(material, { media_id: 'm' })).headers['content-type'], 'image/jpeg');
  t.equal((await post(material, {})).json['errcode'], 40007);
});

t.test('each sample answers in its own shape and wants its own method', async (t) => {
  const { classicToken, get, post } = await desk(t);
  const token = await classicToken();
  const at = (path: string): string => `${path}?access_token=${token}`;
  t.equal((await get(at('/cgi-bin/user/get'))).json['total'], 2);
  t.match((await get(`${at('/cgi-bin/user/info')}&openid=o1`)).json, { openid: 'o1' });
  t.equal((await get(at('/cgi-bin/user/info'))).json['errcode'], 40003);
  const done = { errcode: 0, errmsg: 'ok' };
  t.same((await post(at('/cgi-bin/menu/create'), { button: [] })).json, done);
  t.same((await post(at('/cgi-bin/message/custom/send'), { touser: 'o1' })).json, done);
  t.equal((await post(at('/cgi-bin/message/custom/send'), 'no JSON')).json['errcode'], 47001);
  t.equal((await get(at('/cgi-bin/menu/create'))).json['errcode'], 43002);
  t.equal((await post(at('/cgi-bin/user/get'), {})).json['errcode'], 43001);
});

t.test('rid/get quotes a URL with the real token', async (t) => {
  const { classicToken, post } = await desk(t);
  const token = await classicToken();
  const reply = await post(`/cgi-bin/openapi/rid/get?access_token=${token}`, { rid: 'a-b-c' });
  t.ok(reply.body.includes(`access_token=${token}`));
});

t.test('any other path tells what arrived, without the token', async (t) => {
  const { classicToken, get } = await desk(t);
  const token = await classicToken();
  const reply = await get(`/shop/any/thing?a=1&access_token=${token}&b=%E4%BD%A0`);
  t.match(reply.json, { errcode: 0, echo: { method: 'GET', path: '/shop/any/thing' } });
  t.notOk(reply.body.includes(token));
});

t.test('calls with another platform’s token need no app token', async (t) => {
  const { get, post, simulator } = await desk(t);
  t.equal((await post('/cgi-bin/component/api_x', {})).json['errcode'], 0);
  t.equal((await get('/wxa/x?component_access_token=c')).json['errcode'], 0);
  t.equal((await get('/tcb/x?cloudbase_access_token=c')).json['errcode'], 0);
  t.equal(simulator.counts.apiCalls, 0);
});

t.test('answers are compressed for clients that accept it, when told so', async (t) => {
  const { post, classicToken, simulator } = await desk(t);
  const path = `/x?access_token=${await classicToken()}`;
  for (const encoding of ['gzip', 'deflate', 'br'] as const) {
    simulator.set({ encoding });
    const reply = await post(path, '', { 'Accept-Encoding': 'gzip, deflate, br' });
    t.equal(reply.headers['content-encoding'], encoding);
    t.equal((await post(path, '')).headers['content-encoding'], undefined);
  }
});
