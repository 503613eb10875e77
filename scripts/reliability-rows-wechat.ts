/** The faults of WeChat, and of whatever is between it and us. */
import type { Row } from './reliability-row.ts';

export const wechatRows: readonly Row[] = [
  {
    area: 'Upstream',
    fault: 'hangs before its answer begins',
    promise: '504 within the response time-out and one second more, on every lane; sent once',
    test: 'test/faults/upstream-hangs.test.ts',
    figure: 'slowest 504 where the time-out is 400 ms',
  },
  {
    area: 'Upstream',
    fault: 'lets the head of its answer trickle',
    promise: 'the same: a head that never ends is none',
    test: 'test/faults/upstream-hangs.test.ts',
    figure: 'slowest 504 for a head that trickles',
  },
  {
    area: 'Upstream',
    fault: 'hangs in the middle of its answer',
    promise: 'the answer is cut within the idle time-out and one second more',
    test: 'test/faults/upstream-hangs.test.ts',
    figure: 'slowest cut where the time-out is 400 ms',
  },
  {
    area: 'Upstream',
    fault: 'lets its answer trickle',
    promise: 'the answer is whole, however long it takes, while bytes keep coming',
    test: 'test/faults/upstream-hangs.test.ts',
    figure: 'trickled answers that were broken',
  },
  {
    area: 'Upstream',
    fault: 'resets or closes the connection before it answers',
    promise: '502 that says it may have been carried out; sent once',
    test: 'test/faults/upstream-cuts.test.ts',
    figure: 'requests sent a second time after a reset',
  },
  {
    area: 'Upstream',
    fault: 'resets or closes the connection in the middle of its answer',
    promise:
      'the answer is cut for the app too and never looks whole; before its first byte it is a 502',
    test: 'test/faults/upstream-cuts.test.ts',
    figure: 'cut answers that looked whole',
  },
  {
    area: 'Upstream',
    fault: 'refuses connections',
    promise: '502 that says nothing was sent; served again as soon as it is back',
    test: 'test/faults/upstream-cuts.test.ts',
    figure: 'slowest 502 while connections are refused',
  },
  {
    area: 'Upstream',
    fault: 'idle connections die as soon as they are used again',
    promise:
      'GET and HEAD go out on a fresh one and never fail; code exchanges, and bodies that stream, are told by a 502',
    test: 'test/faults/upstream-idle.test.ts',
    figure: 'GET and HEAD that failed because their connection died',
  },
  {
    area: 'Upstream',
    fault: 'the same, for POST',
    promise: 'never executed twice; a 502 only where it may have been executed',
    test: 'test/faults/upstream-idle.test.ts',
    figure: 'POST executed twice',
  },
  {
    area: 'Upstream',
    fault: 'idle connections are closed in the moment they are used again',
    promise: 'GET and HEAD never fail',
    test: 'test/faults/upstream-idle.test.ts',
    figure: 'GET and HEAD that failed in the race',
  },
  {
    area: 'Upstream',
    fault: 'the same, for POST, in the race',
    promise: 'never executed twice; the 502 says that it may have been carried out',
    test: 'test/faults/upstream-idle.test.ts',
    figure: 'POST told that they may have been carried out',
  },
  {
    area: 'Token endpoint',
    fault:
      'hangs, resets, answers 500, nothing, HTML, no token or errcode −1, at start and at renewal',
    promise:
      'the old token is served to its end, then 503 with `Retry-After`; nothing goes out without a good token',
    test: 'test/faults/token-trouble.test.ts',
    figure: 'requests answered with a clear 503',
  },
  {
    area: 'Token endpoint',
    fault: 'the same: calls during the outage',
    promise:
      'asked again after 1 s, 2 s, 4 s … (up to half less by chance), however many requests come',
    test: 'test/faults/token-trouble.test.ts',
    figure: 'token calls in an outage of 5 s, most of any account',
  },
  {
    area: 'Token endpoint',
    fault: 'the same: its end',
    promise: 'one token call and no restart; as late as the back-off allows',
    test: 'test/faults/token-trouble.test.ts',
    figure: 'slowest recovery after an outage of 5 s',
  },
  {
    area: 'Token endpoint',
    fault: '`expires_in` missing, 0, negative, a text or absurd; a token of 2 KiB',
    promise: 'the token is used; a life that cannot be is taken for 5 minutes',
    test: 'test/faults/token-trouble.test.ts',
    figure: 'requests that failed for a strange token answer',
  },
  {
    area: 'Token endpoint',
    fault: '40164: our IP is not on the list',
    promise:
      '502 with WeChat’s errcode and `Retry-After`; asked once a minute; no restart once it is listed',
    test: 'test/faults/token-refused.test.ts',
    figure: 'token calls in the first minute of a 40164',
  },
  {
    area: 'Token endpoint',
    fault: '45009: the daily quota is used up',
    promise:
      'the old token to its end, then 503 with `Retry-After`; not asked before midnight in Beijing',
    test: 'test/faults/token-refused.test.ts',
    figure: 'token calls in the first 11 hours of a 45009',
  },
  {
    area: 'Token engine',
    fault:
      'any order of requests, rejections, renewals, failures of WeChat and of the store, clock steps, several replicas',
    promise:
      'never an expired token, never one known to be retired; one fetch at a time, none inside the back-off, none beyond the budget; nobody waits for ever',
    test: 'test/faults/token-model.test.ts',
    figure: 'random lives that broke an invariant',
  },
];
