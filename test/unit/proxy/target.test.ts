import t from 'tap';
import { ProxyError } from '../../../src/errors.ts';
import { canonicalPath, parseTarget } from '../../../src/proxy/target.ts';

t.test('an origin-form target is taken apart and nothing in it is changed', (t) => {
  const rows: readonly (readonly [url: string, path: string, query: string | undefined])[] = [
    ['/', '/', undefined],
    ['/?', '/', ''],
    ['/cgi-bin/getcallbackip', '/cgi-bin/getcallbackip', undefined],
    ['/cgi-bin/x?a=1&b=%20+', '/cgi-bin/x', 'a=1&b=%20+'],
    ['/a?b?c', '/a', 'b?c'],
    ['/a?//b\\c/../d', '/a', '//b\\c/../d'],
    ['/a//b', '/a//b', undefined],
    ['/a/', '/a/', undefined],
    ['/%E4%BD%A0', '/%E4%BD%A0', undefined],
    ['/a%2fb', '/a%2fb', undefined],
    ['/a.b/c..d/.e', '/a.b/c..d/.e', undefined],
    ['/a..', '/a..', undefined],
    ['/a;b=c', '/a;b=c', undefined],
    ['/100%', '/100%', undefined],
    ['/\xe4', '/\xe4', undefined],
    ['/~!$&()*+,:=@', '/~!$&()*+,:=@', undefined],
  ];
  for (const [url, path, query] of rows) t.strictSame(parseTarget(url), { path, query }, url);
  t.end();
});

t.test('a target that servers may read in more than one way is refused', (t) => {
  const rows: readonly (readonly [url: string, why: RegExp])[] = [
    ['', /must be a path/],
    ['*', /must be a path/],
    ['http://api.weixin.qq.com/cgi-bin/x', /must be a path/],
    ['HTTPS://evil.example/', /must be a path/],
    ['api.weixin.qq.com:443', /must be a path/],
    ['cgi-bin/x', /must be a path/],
    ['\\evil', /must be a path/],
    ['//', /does your base URL end in a slash\?/],
    ['//evil.example/x', /does your base URL end in a slash\?/],
    ['//cgi-bin/getcallbackip', /does your base URL end in a slash\?/],
    ['/\\evil.example', /backslash/],
    ['/a\\b', /backslash/],
    ['/a%5cb', /backslash/],
    ['/a%5Cb', /backslash/],
    ['/a%255cb', /backslash/],
    ['/.', /dot segment/],
    ['/..', /dot segment/],
    ['/./a', /dot segment/],
    ['/a/../b', /dot segment/],
    ['/a/..', /dot segment/],
    ['/a/.?b', /dot segment/],
    ['/a/%2e%2e/b', /dot segment/],
    ['/a/.%2E/b', /dot segment/],
    ['/a/%2e/b', /dot segment/],
    ['/a%2f..%2fb', /dot segment/],
    ['/a/%252e%252e/b', /dot segment/],
    ['/a/..;/b', /dot segment/],
    ['/a/.;x=y/b', /dot segment/],
    ['/a/..%3bx/b', /dot segment/],
    ['/a/.../b', /dot segment/],
    ['/a/..%20/b', /dot segment/],
    ['/a/.%20./b', /dot segment/],
    ['/a/..%3f', /dot segment/],
    ['/a/..%23', /dot segment/],
    ['/a%00', /control character/],
    ['/a%0d%0ab', /control character/],
    ['/a%2500', /control character/],
    ['/a%09', /control character/],
    ['/a%7f', /control character/],
    ['/a\x01', /control character/],
    ['/a#b', /fragment/],
    ['/a?b#c', /fragment/],
    [`/%${'25'.repeat(20)}41`, /encoded many times/],
  ];
  for (const [url, why] of rows) {
    t.throws(
      () => parseTarget(url),
      { code: 'ERR_REQUEST_REFUSED', status: 400, message: why },
      url,
    );
  }
  t.end();
});

t.test('a refusal does not repeat the query', (t) => {
  try {
    parseTarget('/a/../b?access_token=s3cret');
    t.fail('taken');
  } catch (error) {
    t.notMatch((error as ProxyError).message, /s3cret/);
  }
  t.end();
});

t.test('16 KiB are the longest target, and what is longer is said to be too long', (t) => {
  const longest = `/a?${'b'.repeat(16 * 1024 - 3)}`;
  t.equal(parseTarget(longest).query?.length, 16 * 1024 - 3);
  t.throws(() => parseTarget(`${longest}b`), { code: 'ERR_REQUEST_REFUSED', status: 414 });
  t.end();
});

t.test('all spellings of a path compare equal', (t) => {
  const spellings = [
    '/cgi-bin/menu/create',
    '/cgi-bin//menu///create',
    '/cgi-bin/menu/create/',
    '/cgi-bin/menu/create//',
    '/%63gi-bin/menu/create',
    '/cgi%2dbin/menu/create',
    '/cgi-bin%2fmenu%2Fcreate',
    '/cgi-bin/men%75/create',
    '/cgi-bin/men%2575/create',
    '/cgi-bin/men%252575/create',
    '/cgi-bin/menu;x=1/create',
    '/cgi-bin/menu/create;',
    '/cgi-bin/menu/create;a;b',
    '/cgi-bin/;x/menu/create',
    '/cgi-bin/menu/create%3ba',
    '/cgi-bin/menu/create.',
    '/cgi-bin/menu./create..',
    '/cgi-bin/menu/create%2e',
    '/cgi-bin/menu/create%20',
    '/cgi-bin/%20menu/create',
    '/cgi-bin/menu/create. ./',
    '/cgi-bin/menu/create%3f',
    '/cgi-bin/menu/create%3Fa/b',
    '/cgi-bin/menu/create%23a',
  ];
  for (const path of spellings) {
    t.equal(canonicalPath(path), '/cgi-bin/menu/create', path);
  }
  t.end();
});

t.test('what differs stays different', (t) => {
  const rows: readonly (readonly [path: string, canonical: string])[] = [
    ['/', '/'],
    ['/A/b', '/A/b'],
    ['/a.b/c', '/a.b/c'],
    ['/.a', '/.a'],
    ['/a%', '/a%'],
    ['/a%zz', '/a%zz'],
    ['/a+b', '/a+b'],
    ['/%E4%BD%A0', '/\xe4\xbd\xa0'],
  ];
  for (const [path, canonical] of rows) t.equal(canonicalPath(path), canonical, path);
  t.end();
});

t.test('comparing twice is comparing once', (t) => {
  for (const path of ['/a//b;c/d./', '/%2561', '/', '/a%2f%2fb', '/a%3b', '/a%253f']) {
    t.equal(canonicalPath(canonicalPath(path)), canonicalPath(path), path);
  }
  t.end();
});
