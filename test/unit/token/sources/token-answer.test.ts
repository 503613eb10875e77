import t from 'tap';
import { TokenCallError } from '../../../../src/token/sources/source.ts';
import { readTokenAnswer } from '../../../../src/token/sources/token-answer.ts';
import { tokenFailure } from '../../../../src/wechat/errcodes.ts';

const VALUE = `90_${'aB3-_'.repeat(28)}`;
const answer = (fields: object): string => JSON.stringify({ access_token: VALUE, ...fields });

t.test('a token comes with its life', (t) => {
  t.strictSame(readTokenAnswer(200, answer({ expires_in: 7200 })), {
    value: VALUE,
    expiresInMs: 7_200_000,
  });
  t.strictSame(readTokenAnswer(200, answer({ expires_in: 1, errcode: 0, errmsg: 'ok' })), {
    value: VALUE,
    expiresInMs: 1000,
  });
  t.strictSame(readTokenAnswer(200, answer({ expires_in: '7200' })).expiresInMs, 7_200_000, 'text');
  t.equal(readTokenAnswer(200, answer({ expires_in: 86_400 })).expiresInMs, 86_400_000);
  t.end();
});

t.test('a life that cannot be is taken as five minutes, and it is said so', (t) => {
  const lives = [
    undefined,
    null,
    0,
    -1,
    -7200,
    0.001,
    1e9,
    86_401,
    1e308,
    'soon',
    '',
    ' ',
    '-5',
    true,
    [],
    {},
  ];
  for (const expires_in of lives) {
    t.strictSame(
      readTokenAnswer(200, answer({ expires_in })),
      { value: VALUE, expiresInMs: 300_000, guessedLife: true },
      `expires_in: ${JSON.stringify(expires_in)}`,
    );
  }
  t.equal(readTokenAnswer(200, `{"access_token":"x","expires_in":1e999}`).guessedLife, true);
  t.end();
});

t.test('a long token is a token', (t) => {
  for (const length of [1, 512, 2048, 4096]) {
    t.equal(
      readTokenAnswer(200, JSON.stringify({ access_token: 'x'.repeat(length), expires_in: 7200 }))
        .value.length,
      length,
    );
  }
  t.end();
});

t.test('an answer without a usable token is bad_response, to be tried again', (t) => {
  const bodies = [
    '',
    ' ',
    '{',
    'null',
    '[]',
    '42',
    '"x"',
    '{}',
    '<html><body>502 Bad Gateway</body></html>',
    '{"expires_in":7200}',
    '{"access_token":"","expires_in":7200}',
    '{"access_token":null,"expires_in":7200}',
    '{"access_token":42,"expires_in":7200}',
    '{"access_token":["x"],"expires_in":7200}',
    '{"access_token":"a b","expires_in":7200}',
    '{"access_token":"a\\r\\nHost: evil","expires_in":7200}',
    '{"access_token":"\\u0000","expires_in":7200}',
    '{"access_token":"é","expires_in":7200}',
    JSON.stringify({ access_token: 'x'.repeat(4097), expires_in: 7200 }),
    '{"errcode":"what?","errmsg":"x"}',
    '{"errcode":{},"errmsg":"x"}',
  ];
  for (const body of bodies) {
    t.equal(reasonOf(200, body), 'bad_response', body.slice(0, 50));
  }
  for (const status of [500, 502, 503, 404, 302, 204]) {
    t.equal(reasonOf(status, answer({ expires_in: 7200 })), 'bad_response', `status ${status}`);
    t.equal(reasonOf(status, ''), 'bad_response', `status ${status}, empty`);
  }
  t.end();
});

t.test('an errcode is a refusal, a quota or passing trouble, with its number and words', (t) => {
  const table = {
    refused: [
      40001, 40002, 40013, 40125, 40164, 40243, 41002, 41004, 50002, 50004, 89500, 89501, 89503,
      89506, 89507, 89599,
    ],
    quota: [45009, 45011],
    busy: [-1, 1, 40003, 42001, 48001, 50001, 89499, 89600, 61024, 999_999],
  } as const;
  for (const [reason, errcodes] of Object.entries(table)) {
    for (const errcode of errcodes) {
      t.equal(tokenFailure(errcode), reason, `${errcode}`);
      const error = failureOf(200, JSON.stringify({ errcode, errmsg: 'its words' }));
      t.equal(error.reason, reason);
      t.equal(error.errcode, errcode);
      t.equal(error.message, `WeChat answered ${errcode}: its words`);
    }
  }
  t.end();
});

t.test('an errcode counts whatever the status, and as a text, and before a token', (t) => {
  for (const [status, body] of [
    [200, '{"errcode":"40013","errmsg":"invalid appid"}'],
    [502, '{"errcode":40013,"errmsg":"invalid appid"}'],
    [200, answer({ expires_in: 7200, errcode: 40013 })],
  ] as const) {
    t.equal(failureOf(status, body).errcode, 40013);
  }
  t.equal(failureOf(200, '{"errcode":-1}').message, 'WeChat answered -1: no errmsg');
  t.end();
});

function failureOf(status: number, body: string): TokenCallError {
  try {
    readTokenAnswer(status, body);
  } catch (error) {
    if (error instanceof TokenCallError) return error;
    throw error;
  }
  throw new Error('it was taken for a token');
}

function reasonOf(status: number, body: string): string {
  return failureOf(status, body).reason;
}
