import t from 'tap';
import { secret } from '../../../../src/settings/kinds/secret.ts';
import { testTexts } from './test-texts.ts';

testTexts(t, 'a secret', {
  kind: secret,
  good: [],
  bad: [
    ['', /it is empty; it should be one line of printable ASCII/],
    ['two\nlines', /more than one line/],
    ['trailing ', /begins or ends with a blank/],
    ['密码', /not printable ASCII/],
  ],
});
