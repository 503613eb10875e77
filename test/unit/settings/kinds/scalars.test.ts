import t from 'tap';
import {
  appid,
  boolean,
  filePath,
  integer,
  oneOf,
} from '../../../../src/settings/kinds/scalars.ts';
import { testTexts } from './test-texts.ts';

testTexts(t, 'a boolean', {
  kind: boolean,
  good: [
    ['true', true],
    ['TRUE', true],
    ['yes', true],
    ['on', true],
    ['1', true],
    ['false', false],
    ['no', false],
    ['off', false],
    ['0', false],
  ],
  bad: [
    ['', /should be true or false/],
    ['tru', /should be true or false/],
    ['2', /should be true or false/],
  ],
});

testTexts(t, 'a whole number', {
  kind: integer(1, 65_535),
  good: [
    ['1', 1],
    ['65535', 65_535],
    ['007', 7],
  ],
  bad: ['', '0', '65536', '1.5', '-1', '1e3', ' 1', '0x1', '9'.repeat(30)].map(
    (text) => [text, /should be a whole number from 1 to 65535/] as const,
  ),
});

testTexts(t, 'one of a closed set', {
  kind: oneOf('stable_token', 'token'),
  good: [['token', 'token']],
  bad: ['', 'Token', 'toString'].map(
    (text) => [text, /should be one of stable_token, token/] as const,
  ),
});

testTexts(t, 'an appid', {
  kind: appid,
  good: [
    ['wx0123456789abcdef', 'wx0123456789abcdef'],
    ['abcd', 'abcd'],
  ],
  bad: ['', 'abc', 'none', 'wx-0123', 'a'.repeat(65), 'wx12345\n', 'wx/../x'].map(
    (text) => [text, /should be 4 to 64 letters and digits/] as const,
  ),
});

testTexts(t, 'a file path', {
  kind: filePath,
  good: [['/etc/x.json', '/etc/x.json']],
  bad: [['', /should be the path of a file/]],
});
