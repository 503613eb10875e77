import t from 'tap';
import * as v from 'valibot';
import { tokenStore } from '../../../../src/settings/kinds/token-store.ts';
import { Secret } from '../../../../src/telemetry/secret.ts';
import { testTexts } from './test-texts.ts';

const DATABASE = /nothing after the host and port but the number of a database/;

testTexts(t, 'a token store', {
  kind: tokenStore,
  good: [
    ['memory', { kind: 'memory' }],
    ['file:/var/lib/t.json', { kind: 'file', path: '/var/lib/t.json' }],
    ['file:///var/lib/t.json', { kind: 'file', path: '/var/lib/t.json' }],
  ],
  bad: [
    ['', /should be memory, file:\/path, redis:/],
    ['disk', /should be memory, file:\/path, redis:/],
    ['http://h', /should be memory, file:\/path, redis:/],
    ['file:', /absolute path, such as file:/],
    ['file:t.json', /absolute path, such as file:/],
    ['file:/var/lib/', /absolute path, such as file:/],
    ['file://host/t.json', /absolute path, such as file:/],
    ['redis:', /should be a URL such as redis:/],
    ['redis://', /should be a URL such as redis:/],
    ['redis://h:99999', /should be a URL such as redis:/],
    ['redis://h:0', /should be a URL such as redis:/],
    ['redis://u:p%zz@h', /percent-encoded: % is written %25/],
    ['redis://%u:p@h', /percent-encoded: % is written %25/],
    ['redis://u:p%2@h/0', /percent-encoded: % is written %25/],
    ['redis://u:50%abc@h', /percent-encoded: % is written %25/],
    ['redis://h/zero', DATABASE],
    ['redis://h/0/1', DATABASE],
    ['rediss://h?db=1', DATABASE],
  ],
});

t.test('a Redis URL is kept as a secret, whole', (t) => {
  for (const text of [
    'redis://h',
    'redis://h:6379/0',
    'rediss://user:pa%20ss@h/',
    'redis://:p@h',
    'redis://u%40:p%25%2F@h',
  ]) {
    const store = v.parse(tokenStore.schema, text);
    t.match(store, { kind: 'redis', url: Secret });
    t.equal(store.kind === 'redis' && store.url.reveal(), text);
    t.notMatch(JSON.stringify(store), text);
  }
  t.end();
});

t.test('of its URL only what cannot be a password is shown, valid or not', (t) => {
  const shown: readonly (readonly [text: string, safe: string])[] = [
    ['memroy', 'memroy'],
    ['file:t@home', 'file:t@home'],
    ['redis://h:6379/0', 'redis://h:6379/0'],
    ['redis://user:pw@h/0', 'redis://[secret]@h/0'],
    ['redis://:pw@h', 'redis://[secret]@h'],
    ['redis://:pw#x@h', 'redis://[not shown]'],
    ['redis:pw@h', 'redis://[not shown]'],
    ['reddis://:pw@h', 'reddis://[not shown]'],
    ['rediss://h?password=pw', 'rediss://[not shown]'],
    [':pw@h', '://[not shown]'],
  ];
  for (const [text, safe] of shown) t.equal(tokenStore.show?.(text), safe, text);
  t.end();
});
