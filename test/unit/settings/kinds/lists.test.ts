import t from 'tap';
import { hosts, pathPatterns } from '../../../../src/settings/kinds/lists.ts';
import { testTexts } from './test-texts.ts';

const PATTERNS = /should be patterns separated by commas, each beginning with \//;
const HOSTS = /should be host names separated by commas/;

testTexts(t, 'path patterns', {
  kind: pathPatterns,
  good: [
    ['/wxa/**', ['/wxa/**']],
    ['/cgi-bin/*, /wxa/getwxacode', ['/cgi-bin/*', '/wxa/getwxacode']],
  ],
  bad: [
    ['', PATTERNS],
    ['wxa/**', PATTERNS],
    ['**', PATTERNS],
    ['/a,', PATTERNS],
    ['/a,,/b', PATTERNS],
    ['/a b', PATTERNS],
    ['/a?x=1', PATTERNS],
  ],
});

testTexts(t, 'host names', {
  kind: hosts,
  good: [
    ['proxy.internal, localhost:8080,[::1]:80', ['proxy.internal', 'localhost:8080', '[::1]:80']],
  ],
  bad: [
    ['', HOSTS],
    ['http://proxy', HOSTS],
    ['proxy/', HOSTS],
    ['*', HOSTS],
    ['a b', HOSTS],
  ],
});
