import t from 'tap';
import { framingFault } from '../../../src/server/framing.ts';
import { incoming } from '../proxy/incoming.ts';

t.test('a request whose end others would look for elsewhere is not trusted', (t) => {
  const rows: readonly (readonly [version: string, lines: string[], fault: RegExp | undefined])[] =
    [
      ['1.1', [], undefined],
      ['1.0', [], undefined],
      ['1.1', ['Content-Length: 5'], undefined],
      ['1.0', ['Content-Length: 5'], undefined],
      ['1.1', ['Transfer-Encoding: chunked'], undefined],
      ['1.1', ['transfer-encoding: Chunked'], undefined],
      ['1.1', ['Transfer-Encoding: gzip, chunked'], /only .* "chunked"/],
      ['1.1', ['Transfer-Encoding: chunked, chunked'], /only .* "chunked"/],
      ['1.1', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], /only .* "chunked"/],
      ['1.1', ['Transfer-Encoding: identity'], /only .* "chunked"/],
      ['1.1', ['Transfer-Encoding: xchunked'], /only .* "chunked"/],
      ['1.1', ['Transfer-Encoding: '], /only .* "chunked"/],
      ['1.0', ['Transfer-Encoding: chunked'], /HTTP\/1\.0 has no transfer codings/],
      ['0.9', [], /HTTP\/0\.9 is not spoken here/],
      ['2.0', [], /HTTP\/2\.0 is not spoken here/],
      ['1.2', [], /HTTP\/1\.2 is not spoken here/],
    ];
  for (const [version, lines, fault] of rows) {
    const req = incoming('POST', 'Host: x', ...lines);
    req.httpVersion = version;
    const found = framingFault(req);
    if (fault === undefined) t.equal(found, undefined, `${version} ${lines.join()}`);
    else t.match(found, fault, `${version} ${lines.join()}`);
  }
  t.end();
});
