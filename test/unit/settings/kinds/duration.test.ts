import t from 'tap';
import { duration } from '../../../../src/settings/kinds/duration.ts';
import { testTexts } from './test-texts.ts';

const UNIT = /should be a number with a unit, such as 500ms, 30s, 5m or 1h/;

testTexts(t, 'a duration, in ms', {
  kind: duration(0),
  good: [
    ['500ms', 500],
    ['300s', 300_000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['24h', 86_400_000],
    ['0s', 0],
    ['0', 0],
  ],
  bad: [
    ['', UNIT],
    ['300', UNIT],
    ['5 m', UNIT],
    ['-5s', UNIT],
    ['5S', UNIT],
    ['1d', UNIT],
    ['1h30m', UNIT],
    ['1e3s', UNIT],
    ['.5s', UNIT],
    ['99999999999s', UNIT],
    ['25h', /should be at most 24h/],
  ],
});

testTexts(t, 'a duration that must not be zero', {
  kind: duration(1),
  good: [['1ms', 1]],
  bad: [
    ['0', /should be longer than zero/],
    ['0s', /should be longer than zero/],
    ['0.0h', /should be longer than zero/],
  ],
});
