import t from 'tap';
import { head, hostileStage } from './hostile-stage.ts';

const stage = await hostileStage(t);

for (const origin of [
  'https://evil.example',
  'http://evil.example',
  'http://localhost.evil.example',
  'http://localhost:3000',
  'https://localhost',
  'http://127.0.0.1',
  'null',
  'file://',
  'chrome-extension://abcdefghijklmnop',
  'HTTP://LOCALHOST',
  'http://localhost, http://evil.example',
  'http://localhost http://evil.example',
  '',
]) {
  t.test(`a page of another origin cannot use the proxy: ${JSON.stringify(origin)}`, async (t) => {
    for (const line of ['GET /cgi-bin/smuggled', 'POST /sns/smuggled', 'OPTIONS /smuggled']) {
      await stage.refuses(t, head(line, `Origin: ${origin}`), {
        status: 403,
        code: 'FORBIDDEN',
        says: /call the proxy from your server/,
      });
    }
  });
}

t.test('of two Origin fields none excuses the other', async (t) => {
  const refusal = { status: 403, code: 'FORBIDDEN' };
  const [ours, theirs] = ['Origin: http://localhost', 'Origin: https://evil.example'] as const;
  await stage.refuses(t, head('GET /smuggled', ours, theirs), refusal);
  await stage.refuses(t, head('GET /smuggled', theirs, ours), refusal);
});

for (const site of ['cross-site', 'same-site', 'Cross-Site', 'anything', '', 'none, cross-site']) {
  t.test(`Sec-Fetch-Site ${JSON.stringify(site)} is refused`, async (t) => {
    for (const fields of [[], ['Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image']]) {
      await stage.refuses(t, head('GET /smuggled', ...fields, `Sec-Fetch-Site: ${site}`), {
        status: 403,
        code: 'FORBIDDEN',
        says: /call the proxy from your server/,
      });
    }
  });
}

t.test('a CORS preflight gets no leave', async (t) => {
  const answer = await stage.refuses(
    t,
    head(
      'OPTIONS /cgi-bin/smuggled',
      'Origin: https://evil.example',
      'Access-Control-Request-Method: POST',
      'Access-Control-Request-Headers: content-type',
    ),
    { status: 403, code: 'FORBIDDEN' },
  );
  const allowing = answer.fields.filter(([name]) => /^access-control/i.test(name));
  t.strictSame(allowing, []);
});

t.test('an address typed into a browser, and a page of the same origin, are served', async (t) => {
  const client = await stage.connect(t);
  for (const fields of [
    ['Sec-Fetch-Site: none', 'Sec-Fetch-Mode: navigate'],
    ['Sec-Fetch-Site: same-origin', 'Origin: http://localhost'],
  ]) {
    t.equal((await client.request('GET /cgi-bin/served', fields).answer()).status, 200);
  }
});

t.test('after all of them both lanes serve, and nothing was smuggled', (t) => stage.isUnharmed(t));
