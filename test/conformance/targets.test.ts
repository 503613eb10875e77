import t from 'tap';
import { onEachLane, REPLAY_LANE, STREAM_LANE } from './on-each-lane.ts';

const QUERIES = [
  'a=1&b=2',
  'b=2&a=1&b=3',
  '',
  '&',
  '&&a=&=b&&c&',
  'a=%E4%BD%A0%e5%a5%bd&b=+%20+',
  'a=%zz&b=%&c=%2',
  'a=b=c==&d=?e?/f;g:h@i!$\'()*,[]{}|\\^`"<>~',
  `long=${'x'.repeat(8000)}`,
  'access_tokens=1&my_access_token=2&ACCESS_TOKEN=3',
];

for (const query of QUERIES) {
  onEachLane(
    t,
    `the query ${JSON.stringify(query.slice(0, 60))} arrives byte for byte`,
    {},
    async (t, { client, lane, upstream }) => {
      const answer = await client.request(`GET ${lane.path}?${query}`).answer();
      t.equal(answer.status, 200, answer.body.toString());
      const { target = '', line = '' } = upstream.requests[0] ?? {};
      const injected = lane === REPLAY_LANE ? `access_token=${upstream.token}` : '';
      const joint = injected === '' || query === '' ? '' : '&';
      t.equal(target, `${lane.path}?${query}${joint}${injected}`);
      t.match(line, / HTTP\/1\.1$/);
    },
  );
}

onEachLane(
  t,
  'every access_token of the app is replaced, in whatever spelling',
  { lanes: [REPLAY_LANE] },
  async (t, { client, path, upstream }) => {
    const query = 'access_token=1&a=1&access%5Ftoken=2&b=%3d&%61ccess_token=3&access_token&c';
    await client.request(`GET ${path}?${query}`).answer();
    t.equal(upstream.requests[0]?.target, `${path}?a=1&b=%3d&c&access_token=${upstream.token}`);
  },
);

onEachLane(
  t,
  "somebody else's token is left alone",
  { lanes: [STREAM_LANE] },
  async (t, { client, path, upstream }) => {
    const query = 'access_token=user%5Ftoken&openid=x&&lang=zh_CN';
    await client.request(`GET ${path}?${query}`).answer();
    t.equal(upstream.requests[0]?.target, `${path}?${query}`);
  },
);

for (const path of [
  '/cgi-bin//doubled///slashes',
  '/sns//x',
  '/cgi-bin/x/',
  '/cgi-bin/%e4%BD/a;b=c:d@e',
]) {
  const lane = path.startsWith('/sns') ? STREAM_LANE : REPLAY_LANE;
  onEachLane(
    t,
    `the path ${path} arrives byte for byte`,
    { lanes: [lane] },
    async (t, { client, upstream }) => {
      const answer = await client.request(`GET ${path}?a=//b`).answer();
      t.equal(answer.status, 200, answer.body.toString());
      const token = lane === REPLAY_LANE ? `&access_token=${upstream.token}` : '';
      t.equal(upstream.requests[0]?.target, `${path}?a=//b${token}`);
    },
  );
}

for (const odd of ['\x09', '\x0c', '\x7f', '\xe4\xbd\xa0']) {
  onEachLane(
    t,
    `${JSON.stringify(odd)} in a query, which no URL may hold, is refused`,
    {},
    async (t, { client, path, upstream }) => {
      const answer = await client.request(`GET ${path}?a=${odd}b`).answer();
      t.equal(answer.status, 400);
      t.strictSame(answer.values('x-wxproxy-error'), ['ERR_REQUEST_REFUSED']);
      t.equal(upstream.requests.length, 0);
    },
  );
}
