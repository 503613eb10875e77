/**
 * The faults that docs/reliability.md speaks of, in its order. Each test/faults/*.test.ts is named by
 * at least one row; the test emits the row's figure with `figure('<name>', …)`.
 */
import type { Row } from './reliability-row.ts';
import { wechatRows } from './reliability-rows-wechat.ts';

export const rows: readonly Row[] = [
  ...wechatRows,
  {
    area: 'Process',
    fault: 'SIGTERM under load',
    promise:
      'not ready first; every request in flight, uploads and downloads too, gets its whole answer; one that meets the closing of its connection was not sent to WeChat; exit code 0',
    test: 'test/faults/process-sigterm.test.ts',
    figure: 'requests in flight at SIGTERM that were lost',
  },
  {
    area: 'Process',
    fault: 'kill -9 and restart, file store',
    promise:
      'no token call at the restart; what was under way ends in an error, never in half an answer; a socket file left behind is no obstacle',
    test: 'test/faults/process-kill.test.ts',
    figure: 'token calls after restarts from kill -9, file store',
  },
  {
    area: 'Process',
    fault: 'kill -9 and restart, store in memory',
    promise: '`stable_token` gives the same token back, and no request fails',
    test: 'test/faults/process-kill.test.ts',
    figure: 'requests failed after restarts from kill -9, memory store',
  },
  {
    area: 'Process',
    fault: 'more connections than file descriptors',
    promise:
      'some are left for the upstream: who is connected is served, who is not is turned away before any byte; said once; no spinning',
    test: 'test/faults/process-descriptors.test.ts',
    figure: 'requests failed among those connected at the limit of descriptors',
  },
  {
    area: 'Process',
    fault: 'no descriptor left for the upstream',
    promise: '502 `ERR_UPSTREAM_CONNECT`, nothing was sent; served again as soon as one is free',
    test: 'test/faults/process-descriptors.test.ts',
    figure: 'requests served as soon as descriptors were free',
  },
  {
    area: 'Process',
    fault: 'nobody reads standard output',
    promise:
      'it goes on to serve, keeps 1 MiB of lines and drops the rest, goes on to log when it is read again',
    test: 'test/faults/process-stdout.test.ts',
    figure: 'memory while nobody reads standard output',
  },
  {
    area: 'Process',
    fault: 'SIGTERM while nobody reads standard output',
    promise: 'it waits a second for the reader, then exits with code 0',
    test: 'test/faults/process-stdout.test.ts',
    figure: 'SIGTERM to exit with standard output blocked',
  },
  {
    area: 'Process',
    fault: 'standard output is closed',
    promise: 'it goes on to serve, and does not spin',
    test: 'test/faults/process-stdout.test.ts',
    figure: 'requests lost to a closed standard output',
  },
  {
    area: 'Process',
    fault: 'the clock is set back and forth by hours',
    promise:
      'a token expires by the earlier of wall and monotonic clock: renewed in time, never used too long',
    test: 'test/faults/process-clock.test.ts',
    figure: 'requests failed while the clock was set by hours',
  },
  {
    area: 'Process',
    fault: 'the process is stopped for seconds under load',
    promise:
      'answers that came meanwhile are passed on, not timed out; the token is renewed in time',
    test: 'test/faults/process-stall.test.ts',
    figure: 'requests failed around two stalls of 3 s',
  },
  {
    area: 'Process',
    fault: 'a probe right after such a stall',
    promise: 'answered',
    test: 'test/faults/process-stall.test.ts',
    figure: 'alive again after a stall of 3 s',
  },
  {
    area: 'Abuse',
    fault: '2,000 idle and 2,000 busy connections',
    promise: 'all busy ones are answered, the idle ones stay usable',
    test: 'test/faults/abuse-connections.test.ts',
    figure: 'busy connections answered beside 2,000 idle ones',
  },
  {
    area: 'Abuse',
    fault: '2,000 idle connections',
    promise: 'below 64 KiB each',
    test: 'test/faults/abuse-connections.test.ts',
    figure: 'memory of an idle connection',
  },
  {
    area: 'Abuse',
    fault: 'slow-loris in the head',
    promise: 'ended 15 s after its first byte',
    test: 'test/faults/abuse-slow-loris.test.ts',
    figure: 'dripping heads that ended in time',
  },
  {
    area: 'Abuse',
    fault: 'other apps during a slow-loris',
    promise: 'served as ever',
    test: 'test/faults/abuse-slow-loris.test.ts',
    figure: 'slowest answer to others during a slow-loris',
  },
  {
    area: 'Abuse',
    fault: 'slow-loris in the body',
    promise:
      'silence ends with 408 after the idle timeout; what drips stays under the memory limit and holds up no call whose body is held',
    test: 'test/faults/abuse-slow-loris.test.ts',
    figure: 'requests of others failed during dripping bodies',
  },
  {
    area: 'Abuse',
    fault: '5,000 clients abort at random moments',
    promise: 'in flight is 0, and no upstream request is left running',
    test: 'test/faults/abuse-aborts.test.ts',
    figure: 'upstream requests left running by 5,000 aborts',
  },
  {
    area: 'Abuse',
    fault: 'memory after them',
    promise: 'back to what it was',
    test: 'test/faults/abuse-aborts.test.ts',
    figure: 'memory after 5,000 aborts',
  },
  {
    area: 'Abuse',
    fault: 'descriptors after them',
    promise: 'back to what they were',
    test: 'test/faults/abuse-aborts.test.ts',
    figure: 'descriptors after 5,000 aborts',
  },
  {
    area: 'Soak',
    fault: '25 s of mixed traffic, rotations every 4 s',
    promise:
      'every request succeeds; a streamed upload that meets a rotation succeeds when the app sends it again',
    test: 'test/faults/soak.test.ts',
    figure: 'requests of the short soak that failed',
  },
  {
    area: 'Soak',
    fault: 'memory over its second half',
    promise: 'flat: a fitted slope, with its confidence',
    test: 'test/faults/soak.test.ts',
    figure: 'memory kept in the second half of the short soak',
  },
  {
    area: 'Soak',
    fault: 'a proxy that keeps 8 KiB of each request',
    promise: 'is found',
    test: 'test/faults/soak.test.ts',
    figure: 'artificial leak that the soak found',
  },
  {
    area: 'Soak',
    fault: 'minutes of mixed traffic (`npm run soak`)',
    promise: 'every request succeeds',
    test: 'scripts/soak.ts',
    figure: 'requests of the long soak that failed',
  },
  {
    area: 'Soak',
    fault: 'resident memory over their second half',
    promise: 'flat',
    test: 'scripts/soak.ts',
    figure: 'growth of resident memory in the second half of the long soak',
  },
];
