import t from 'tap';
import type { Account } from '../../../src/account/account.ts';
import { AccountRegistry } from '../../../src/account/registry.ts';
import {
  chooseAccount,
  splitAccountPrefix,
  type AccountHints,
} from '../../../src/proxy/choose-account.ts';
import { ROUTES } from '../../../src/wechat/routes.ts';

const A = 'wx000000000000000a';
const B = 'wx000000000000000b';
const C = 'wx000000000000000c';
const D = 'demo1';
const STRANGER = 'wxffffffffffffffff';

const UNKNOWN = { code: 'ERR_ACCOUNT_UNKNOWN', status: 404 };
const NO_HINTS: AccountHints = {
  prefix: undefined,
  header: undefined,
  placeholder: undefined,
  stated: undefined,
};

function registry(defaultAppid?: string): AccountRegistry {
  const appids = new Set([A, B, C, D]);
  const get = (appid: string) =>
    appids.has(appid) ? { appid, secret: undefined, tokenApi: 'token' as const } : undefined;
  return new AccountRegistry(
    { size: appids.size, has: (appid) => appids.has(appid), get, defaultAppid },
    {
      maxActive: 10,
      activate: (current) => ({ ...current() }) as unknown as Account,
      dispose() {},
    },
  );
}

t.test('the path prefix of an account is taken off, everything else stays as it is', (t) => {
  const rows: readonly (readonly [path: string, appid: string | undefined, rest: string])[] = [
    [`/${A}/cgi-bin/x`, A, '/cgi-bin/x'],
    [`/${D}/cgi-bin/x`, D, '/cgi-bin/x'],
    [`/${A}/`, A, '/'],
    [`/${A}/${B}/cgi-bin/x`, A, `/${B}/cgi-bin/x`],
    [`/${A}/cgi-bin%2fx/`, A, '/cgi-bin%2fx/'],
    ['/cgi-bin/x', undefined, '/cgi-bin/x'],
    ['/', undefined, '/'],
    ['/cgi-bin', undefined, '/cgi-bin'],
    [`/${A}`, undefined, `/${A}`],
    [`/${A.toUpperCase()}/x`, undefined, `/${A.toUpperCase()}/x`],
    [`/${A}x/y`, undefined, `/${A}x/y`],
    [`/x/${A}/y`, undefined, `/x/${A}/y`],
    [`/%77${A.slice(1)}/y`, undefined, `/%77${A.slice(1)}/y`],
    ['/wxa/getwxacode', undefined, '/wxa/getwxacode'],
    ['/constructor/x', undefined, '/constructor/x'],
  ];
  const accounts = registry();
  for (const [path, appid, rest] of rows) {
    t.strictSame(splitAccountPrefix(path, accounts), { appid, path: rest }, path);
  }
  t.end();
});

t.test('an appid of WeChat’s that is not configured is a mistake, not a path', (t) => {
  const { appid, path } = splitAccountPrefix(`/${STRANGER}/cgi-bin/x`, registry());
  t.strictSame([appid, path], [STRANGER, '/cgi-bin/x']);
  const hints = { prefix: appid, header: undefined, placeholder: undefined, stated: undefined };
  t.throws(() => chooseAccount(hints, 'api', registry()), UNKNOWN);
  t.end();
});

t.test('a base URL that ends in a slash is told so behind a prefix, too', (t) => {
  for (const path of [`/${A}//cgi-bin/x`, `/${A}//`]) {
    t.throws(() => splitAccountPrefix(path, registry()), {
      code: 'ERR_REQUEST_REFUSED',
      status: 400,
      message: /does your base URL end in a slash\?/,
    });
  }
  t.end();
});

t.test(
  'prefix, then header, then placeholder, then what the call states, then the default',
  (t) => {
    const accounts = registry(D);
    const rows: readonly (readonly [hints: Partial<AccountHints>, appid: string])[] = [
      [{ prefix: A, header: B, placeholder: C, stated: D }, A],
      [{ prefix: A, header: STRANGER, placeholder: STRANGER, stated: STRANGER }, A],
      [{ header: B, placeholder: C, stated: D }, B],
      [{ placeholder: C, stated: A }, C],
      [{ stated: A }, A],
      [{}, D],
    ];
    for (const [hints, appid] of rows) {
      for (const route of ROUTES) {
        const account = chooseAccount({ ...NO_HINTS, ...hints }, route, accounts);
        t.equal(account?.appid, appid, `${route} ${JSON.stringify(hints)}`);
      }
    }
    t.end();
  },
);

t.test('a name that is not known is never replaced by the default', (t) => {
  const accounts = registry(D);
  for (const hint of ['prefix', 'header', 'placeholder', 'stated'] as const) {
    for (const name of [STRANGER, '', `${A}, ${B}`, A.toUpperCase()]) {
      for (const route of ROUTES) {
        const choose = (): unknown => chooseAccount({ ...NO_HINTS, [hint]: name }, route, accounts);
        t.throws(choose, UNKNOWN, `${hint} ${name} ${route}`);
      }
    }
  }
  t.end();
});

t.test('without a default only calls with somebody else’s token need no name', (t) => {
  const accounts = registry();
  for (const route of ['user-token', 'other-token'] as const) {
    t.equal(chooseAccount(NO_HINTS, route, accounts), undefined, route);
  }
  for (const route of ['api', 'token-endpoint', 'code-exchange'] as const) {
    t.throws(() => chooseAccount(NO_HINTS, route, accounts), {
      ...UNKNOWN,
      message: /names no account.*x-wechat-appid/,
    });
  }
  t.end();
});

t.test('an unknown name is shown where it reads like an appid, and nowhere else', (t) => {
  const message = (header: string): string => {
    try {
      chooseAccount({ ...NO_HINTS, header }, 'api', registry());
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  t.match(message(STRANGER), STRANGER);
  for (const name of ['s3cret-value', `${STRANGER}s3cret`, '<script>']) {
    t.notMatch(message(name), name);
    t.match(message(name), /no account of this name/);
  }
  t.end();
});

t.test('asking whether a prefix is an account brings none into use', (t) => {
  const accounts = registry();
  splitAccountPrefix(`/${A}/cgi-bin/x`, accounts);
  t.strictSame(accounts.active(), []);
  t.end();
});
