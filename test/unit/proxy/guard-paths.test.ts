import t from 'tap';
import { createGuard } from '../../../src/proxy/guard.ts';
import { canonicalPath, parseTarget } from '../../../src/proxy/target.ts';

interface Lists {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** Whether a request for the path would be forwarded. */
function passes(url: string, { allow = [], deny = [] }: Lists): boolean {
  const guard = createGuard({ hosts: [], allowPaths: allow, denyPaths: deny, pseudonym: 'x' });
  try {
    const { path } = parseTarget(url);
    guard.checkPath(path, canonicalPath(path));
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'ERR_FORBIDDEN' || code === 'ERR_REQUEST_REFUSED') return false;
    throw error;
  }
}

/** `/wxa/secret/delete`, by every way around a list that anyone has thought of. */
const DISGUISES = [
  '/wxa/secret/delete',
  '/wxa/secret/delete/',
  '/wxa/secret/delete//',
  '/wxa//secret/delete',
  '/wxa/secret///delete',
  '/wxa/secret%2fdelete',
  '/wxa%2Fsecret%2Fdelete',
  '/%77xa/secret/delete',
  '/wxa/%73ecret/delete',
  '/wxa/secret/%64%65%6c%65%74%65',
  '/wxa/%2573ecret/delete',
  '/wxa/%252573ecret/delete',
  '/wxa/secret%252fdelete',
  '/wxa/secret;x/delete',
  '/wxa/secret/delete;x=y',
  '/wxa/secret/delete;',
  '/wxa/secret/delete%3bx',
  '/wxa/;/secret/delete',
  '/wxa/secret./delete',
  '/wxa/secret/delete.',
  '/wxa/secret/delete...',
  '/wxa/secret/delete%2e',
  '/wxa/secret/delete%20',
  '/wxa/%20secret/delete',
  '/wxa/secret/delete%3fx',
  '/wxa/secret/delete%23x',
  '/wxa/secret/delete?x=1',
  '/wxa/secret/delete?',
  '/wxa/./secret/delete',
  '/wxa/x/../secret/delete',
  '/wxa/x/%2e%2e/secret/delete',
  '/wxa/x/..;/secret/delete',
  '/wxa/x/..%2fsecret/delete',
  '/wxa\\secret\\delete',
  '/wxa/secret%5cdelete',
  '/wxa/secret/delete%00',
  '//wxa/secret/delete',
  '/wxa/.%20/secret/delete',
];

/** Where the upstream may fold case, too. */
const OTHER_CASES = ['/WXA/Secret/Delete', '/wxa/secret/DELETE', '/wxa/secret/%44elete'];

t.test('no spelling of a denied path is forwarded', (t) => {
  const lists: readonly string[][] = [
    ['/wxa/secret/delete'],
    ['/wxa/secret/delete/'],
    ['/wxa/secret/*'],
    ['/wxa/*/delete'],
    ['/wxa/**'],
    ['/**'],
    ['/**/delete'],
    ['/wxa/secret/del*'],
    ['/nothing', '/wxa/secret/delete'],
    ['/WXA/secret/delete'],
    ['/wxa//secret/delete'],
    ['/wxa/%73ecret/delete'],
  ];
  for (const deny of lists) {
    for (const url of [...DISGUISES, ...OTHER_CASES]) {
      t.notOk(passes(url, { deny }), `${deny.join()} denies ${url}`);
    }
  }
  t.end();
});

t.test('an allow list lets through the plain spelling alone', (t) => {
  for (const allow of [['/wxa/secret/delete'], ['/wxa/secret/*'], ['/wxa/**'], ['/**']]) {
    const plain = new Set(['/wxa/secret/delete', '/wxa/secret/delete?x=1', '/wxa/secret/delete?']);
    for (const url of DISGUISES) {
      t.equal(passes(url, { allow }), plain.has(url), `${allow.join()} and ${url}`);
    }
  }
  for (const url of OTHER_CASES) t.notOk(passes(url, { allow: ['/wxa/secret/delete'] }), url);
  t.end();
});

t.test('no disguise of an unlisted path gets past an allow list', (t) => {
  const allow = ['/cgi-bin/*', '/wxa/open/**'];
  for (const url of [...DISGUISES, ...OTHER_CASES]) t.notOk(passes(url, { allow }), url);
  const ways = [
    '/cgi-bin/x%2f..%2f..%2fwxa/secret',
    '/cgi-bin/..%2fwxa%2fsecret',
    '/cgi-bin/x/y',
    '/cgi-bin/x%2fy',
    '/cgi-bin/%2fy/z',
    '/cgi-bin;/wxa/secret',
    '/cgi-bin%3f/wxa',
    '/wxa/openx',
    '/wxa/open%00/x',
    '/x/cgi-bin/y',
    '/',
  ];
  for (const url of ways) t.notOk(passes(url, { allow }), url);
  t.end();
});

t.test('* stays within a segment, ** does not', (t) => {
  const rows: readonly (readonly [pattern: string, url: string, matches: boolean])[] = [
    ['/a/*', '/a/b', true],
    ['/a/*', '/a/b/c', false],
    ['/a/*', '/a', false],
    ['/a/*/c', '/a/b/c', true],
    ['/a/*/c', '/a/b/b/c', false],
    ['/a/b*', '/a/b', true],
    ['/a/b*', '/a/bc', true],
    ['/a/b*', '/a/b/c', false],
    ['/a/**', '/a/b', true],
    ['/a/**', '/a/b/c', true],
    ['/a/**', '/ab', false],
    ['/a/**/d', '/a/b/c/d', true],
    ['/a**', '/a', true],
    ['/a**', '/ab/c', true],
    ['/**', '/', true],
    ['/**', '/a/b', true],
    ['/*', '/a', true],
    ['/*', '/a/b', false],
    ['/a', '/a', true],
    ['/a', '/ab', false],
    ['/a', '/b/a', false],
    ['/a/', '/a', true],
  ];
  for (const [pattern, url, matches] of rows) {
    t.equal(passes(url, { allow: [pattern] }), matches, `${pattern} allows ${url}`);
    t.equal(passes(url, { deny: [pattern] }), !matches, `${pattern} denies ${url}`);
  }
  t.end();
});

t.test('what means something to a regular expression means itself in a pattern', (t) => {
  for (const literal of ['/a.b', '/a+b', '/a(b)', '/a[b]', '/a{2}', '/a|b', '/$a', '/^a']) {
    t.ok(passes(literal, { allow: [literal] }), literal);
    t.notOk(passes(literal, { deny: [literal] }), literal);
    for (const url of ['/axb', '/aab', '/ab', '/aa', '/a', '/b']) {
      t.notOk(passes(url, { allow: [literal] }), `${literal} and ${url}`);
    }
  }
  t.end();
});

t.test('denied beats allowed, no list lets everything through', (t) => {
  t.notOk(passes('/a/b', { allow: ['/a/*'], deny: ['/a/b'] }));
  t.ok(passes('/a/c', { allow: ['/a/*'], deny: ['/a/b'] }));
  for (const url of ['/a', '/a//b', '/a;x', '/A%20b/']) t.ok(passes(url, {}), url);
  t.ok(passes('/b', { deny: ['/a'] }));
  t.end();
});

t.test('a literal reading of the path is denied as well as the generous one', (t) => {
  t.notOk(passes('/wxa/a%2fb', { deny: ['/wxa/*'] }), 'one segment, or two');
  t.notOk(passes('/wxa/', { deny: ['/wxa/**'] }));
  t.end();
});

t.test('a refused path is 403 and is told where the lists are', (t) => {
  const guard = createGuard({ hosts: [], allowPaths: ['/a'], denyPaths: ['/b'], pseudonym: 'x' });
  for (const path of ['/b', '/c']) {
    t.throws(() => guard.checkPath(path, path), {
      code: 'ERR_FORBIDDEN',
      status: 403,
      message: /WXPROXY_ALLOW_PATHS and WXPROXY_DENY_PATHS/,
    });
  }
  t.end();
});
