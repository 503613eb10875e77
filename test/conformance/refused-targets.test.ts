import t from 'tap';
import { head, hostileStage } from './hostile-stage.ts';

const stage = await hostileStage(t);

/** Each with a part of the text that tells the app's developer what to change. */
const targets: readonly (readonly [what: string, target: string, says: RegExp])[] = [
  ['absolute-form', 'http://localhost/smuggled', /send requests to the proxy, not through it/],
  ['absolute-form to another host', 'http://evil.example/smuggled', /not through it/],
  ['absolute-form over https', 'https://api.weixin.qq.com/smuggled', /not through it/],
  ['authority-form', 'localhost:80', /not a well-formed/],
  ['asterisk-form', '*', /not through it/],
  ['a path without its slash', 'cgi-bin/smuggled', /must be a path|not a well-formed/],
  ['network-path', '//evil.example/smuggled', /does your base URL end in a slash\?/],
  ['a doubled first slash', '//cgi-bin/smuggled', /does your base URL end in a slash\?/],
  ['a backslash for the first slash', '\\\\evil.example/smuggled', /must be a path|not a well/],
  ['a backslash', '/cgi-bin\\smuggled', /backslash/],
  ['an encoded backslash', '/cgi-bin%5csmuggled', /backslash/],
  ['a backslash encoded twice', '/cgi-bin%255Csmuggled', /backslash/],
  ['a backslash behind the first slash', '/\\evil.example/smuggled', /backslash/],
  ['dot segments', '/cgi-bin/../smuggled', /dot segment/],
  ['a single dot segment', '/cgi-bin/./smuggled', /dot segment/],
  ['a dot segment at the end', '/smuggled/..', /dot segment/],
  ['encoded dots', '/cgi-bin/%2e%2e/smuggled', /dot segment/],
  ['one dot encoded', '/cgi-bin/.%2E/smuggled', /dot segment/],
  ['dots and slash encoded', '/cgi-bin%2f..%2fsmuggled', /dot segment/],
  ['dots encoded twice', '/cgi-bin/%252e%252e/smuggled', /dot segment/],
  ['dots encoded three times', '/cgi-bin/%25252e%25252e/smuggled', /dot segment/],
  ['a dot segment with parameters', '/cgi-bin/..;x=y/smuggled', /dot segment/],
  ['a path encoded many times over', `/%${'25'.repeat(9)}41smuggled`, /many times over/],
  ['a fragment', '/cgi-bin/smuggled#fragment', /encode "#" as %23/],
  ['a fragment behind a query', '/cgi-bin/smuggled?a=b#fragment', /encode "#" as %23/],
  ['an encoded NUL', '/cgi-bin/smuggled%00', /control character/],
  ['an encoded line break', '/cgi-bin/x%0d%0aGET%20/smuggled', /control character/],
  ['a line break encoded twice', '/cgi-bin/x%250d%250asmuggled', /control character/],
];

for (const [what, target, says] of targets) {
  t.test(`refused as target: ${what}`, async (t) => {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'HEAD']) {
      await stage.refuses(t, head(`${method} ${target}`), {
        status: 400,
        code: 'REQUEST_REFUSED',
        says,
      });
    }
  });
}

t.test('CONNECT is refused with 405, whatever its target', async (t) => {
  for (const target of ['evil.example:443', 'localhost:80', '/smuggled', '*']) {
    const answer = await stage.refuses(t, head(`CONNECT ${target}`), {
      status: 405,
      code: 'REQUEST_REFUSED',
    });
    t.strictSame(answer.values('connection'), ['close']);
    t.match(answer.values('allow')[0], /GET/);
  }
});

t.test('TRACE is refused with 405 and echoes nothing', async (t) => {
  const answer = await stage.refuses(t, head('TRACE /cgi-bin/smuggled', 'Cookie: x=private'), {
    status: 405,
    code: 'REQUEST_REFUSED',
  });
  t.match(answer.values('allow')[0], /GET/);
  t.notMatch(answer.body.toString(), /private/);
});

t.test(
  'a target of more than 16 KiB is refused with 414, a head of more than 32 KiB with 431',
  async (t) => {
    const long = 'x'.repeat(17 * 1024);
    await stage.refuses(t, head(`GET /smuggled/${long}`), { status: 414, code: 'REQUEST_REFUSED' });
    await stage.refuses(t, head(`GET /smuggled?${long}`), { status: 414, code: 'REQUEST_REFUSED' });
    await stage.refuses(t, head(`GET /smuggled/${long}${long}`), {
      status: 431,
      code: 'REQUEST_REFUSED',
    });
  },
);

t.test('a target made to be slow to judge is judged at once', async (t) => {
  const slow = ['.', '%20', ';', '/', '%25', '%2e', '%3f'];
  const client = await stage.connect(t);
  const began = performance.now();
  for (let n = 0; n < 20; n++) {
    for (const part of slow) {
      const path = `/cgi-bin/x${part.repeat(Math.floor(15_000 / part.length))}x`;
      const { status } = await client.request(`GET ${path}`).answer();
      if (status !== 200 && status !== 400) t.fail(`${part} many times: ${status}`);
    }
  }
  // Quadratic time was 300 ms for the first of them alone: six seconds.
  t.ok(performance.now() - began < 3000, 'all 140 of them within three seconds');
});

t.test('after all of them both lanes serve, and nothing was smuggled', (t) => stage.isUnharmed(t));
