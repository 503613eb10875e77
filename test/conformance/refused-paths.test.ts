import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { head, hostileStage } from './hostile-stage.ts';

const FORBIDDEN = { status: 403, code: 'FORBIDDEN', says: /WXPROXY_DENY_PATHS/ };

/** All of them are `/cgi-bin/menu/delete` to some server or other. */
const disguises = [
  '/cgi-bin/menu/delete',
  '/cgi-bin/menu/delete/',
  '/cgi-bin/menu/delete//',
  '/cgi-bin//menu/delete',
  '/cgi-bin/menu//delete',
  '/cgi-bin%2fmenu/delete',
  '/cgi-bin%2Fmenu%2Fdelete',
  '/%63gi-bin/menu/delete',
  '/cgi-bin/menu/%64elete',
  '/cgi-bin/menu/%2564elete',
  '/cgi-bin/menu/%252564elete',
  '/cgi-bin%252fmenu/delete',
  '/cgi-bin/menu%2f/delete',
  '/cgi-bin/menu/%2fdelete',
  '/CGI-BIN/menu/delete',
  '/cgi-bin/menu/DELETE',
  '/cgi-bin/menu/%44elete',
  '/cgi-bin/menu/delete;x=y',
  '/cgi-bin/menu;x=y/delete',
  '/cgi-bin;a;b=c/menu/delete;d',
  '/cgi-bin/menu/delete%3bx',
  '/cgi-bin/;/menu/delete',
  '/cgi-bin/menu/delete.',
  '/cgi-bin/menu/delete...',
  '/cgi-bin/menu/delete%2e',
  '/cgi-bin/menu./delete',
  '/cgi-bin/menu/delete%20',
  '/cgi-bin/menu/%20delete',
  '/cgi-bin/menu/delete%3fx=y',
  '/cgi-bin/menu/delete%3Fx/y',
  '/cgi-bin/menu/delete%23x',
  '/cgi-bin/menu/delete?x=y',
  '/cgi-bin/menu/delete?/cgi-bin/menu/get',
  `/${DEMO_ACCOUNT.appid}/cgi-bin/menu/delete`,
  `/${DEMO_ACCOUNT.appid}/cgi-bin%2fmenu/delete`,
];

t.test('a denied path is refused in every disguise', async (t) => {
  const stage = await hostileStage(t, { WXPROXY_DENY_PATHS: '/cgi-bin/menu/delete' });
  for (const path of disguises) {
    t.comment(path);
    await stage.refuses(t, head(`GET ${path}`, 'X-A: smuggled'), FORBIDDEN);
    await stage.refuses(t, head(`POST ${path}`, 'X-A: smuggled'), FORBIDDEN);
  }
  await stage.isUnharmed(t);
});

t.test('only what is among the allowed paths is served, in no disguise', async (t) => {
  const stage = await hostileStage(t, {
    WXPROXY_ALLOW_PATHS: '/cgi-bin/menu/get,/sns/served,/cgi-bin/served',
  });
  const client = await stage.connect(t);
  t.equal((await client.request('GET /cgi-bin/menu/get').answer()).status, 200);
  const prefixed = `GET /${DEMO_ACCOUNT.appid}/cgi-bin/menu/get`;
  t.equal((await client.request(prefixed).answer()).status, 200);
  for (const path of [
    ...disguises,
    ...disguises.map((other) => other.replace('delete', 'get')).filter((other) => !isPlain(other)),
    '/',
    '/cgi-bin/menu',
    '/cgi-bin/menu/getx',
    '/x/cgi-bin/menu/get',
    '/cgi-bin/menu/get/x',
    '/cgi-bin/token',
  ]) {
    t.comment(path);
    await stage.refuses(t, head(`GET ${path}`, 'X-A: smuggled'), FORBIDDEN);
  }
  await stage.isUnharmed(t);
});

t.test(
  '* stays within a segment, ** does not, and what is denied beats what is allowed',
  async (t) => {
    const stage = await hostileStage(t, {
      WXPROXY_ALLOW_PATHS: '/cgi-bin/*,/sns/**,/wxa/*/list',
      WXPROXY_DENY_PATHS: '/cgi-bin/secret*,/sns/**/secret',
    });
    const client = await stage.connect(t);
    for (const path of ['/cgi-bin/menu', '/sns/a', '/sns/a/b/c', '/wxa/a/list']) {
      t.equal((await client.request(`GET ${path}`).answer()).status, 200, path);
    }
    for (const path of [
      '/cgi-bin/menu/get',
      '/cgi-bin/',
      '/cgi-bin',
      '/wxa/a/b/list',
      '/wxa//list',
      '/cgi-bin/secret',
      '/cgi-bin/secrets',
      '/sns/a/secret',
      '/sns/a/b/secret',
      '/cgi-bin/m.nu%2f',
    ]) {
      await stage.refuses(t, head(`GET ${path}`, 'X-A: smuggled'), FORBIDDEN);
    }
    await stage.isUnharmed(t);
  },
);

t.test('a token endpoint is answered here, whatever its path looks like', async (t) => {
  const stage = await hostileStage(t);
  const client = await stage.connect(t);
  for (const path of [
    '/cgi-bin/token',
    '/cgi-bin/token/',
    '/cgi-bin//token',
    '/cgi-bin%2ftoken',
    '/cgi-bin%252ftoken',
    '/cgi-bin/%74oken',
    '/cgi-bin/%2574oken',
    '/CGI-BIN/Token',
    '/cgi-bin/token;x=y',
    '/cgi-bin;x/token',
    '/cgi-bin/token.',
    '/cgi-bin/token%2e',
    '/cgi-bin/token%20',
    '/cgi-bin/token%3fx',
    '/cgi-bin/token%23x',
    '/cgi-bin/stable_token%2f',
    '/cgi-bin/STABLE%5ftoken',
    `/${DEMO_ACCOUNT.appid}/cgi-bin/token`,
    `/${DEMO_ACCOUNT.appid}/cgi-bin%2ftoken`,
  ]) {
    const answer = await client.request(`GET ${path}?grant_type=client_credential`).answer();
    t.equal(answer.status, 200, path);
    t.match(JSON.parse(answer.body.toString()), { access_token: /^wxp-/, expires_in: 7200 });
  }
  await stage.isUnharmed(t);
});

function isPlain(path: string): boolean {
  return /^\/(?:wx\w+\/)?cgi-bin\/menu\/get(?:\?|$)/.test(path);
}
