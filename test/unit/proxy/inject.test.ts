import t from 'tap';
import {
  parameter,
  parameterValues,
  withoutParameters,
  withParameter,
} from '../../../src/proxy/inject.ts';
import { Seeded } from '../wechat/seeded.ts';

const TOKEN = '90_a-b_c';

t.test('every access_token of the app goes, ours comes last, all else stays as it came', (t) => {
  const rows: readonly (readonly [query: string | undefined, injected: string])[] = [
    [undefined, 'access_token=90_a-b_c'],
    ['', 'access_token=90_a-b_c'],
    ['type=image', 'type=image&access_token=90_a-b_c'],
    ['access_token=x', 'access_token=90_a-b_c'],
    ['access_token=', 'access_token=90_a-b_c'],
    ['access_token', 'access_token=90_a-b_c'],
    ['access_token=x&type=image', 'type=image&access_token=90_a-b_c'],
    ['type=image&access_token=x', 'type=image&access_token=90_a-b_c'],
    ['a=1&access_token=x&b=2', 'a=1&b=2&access_token=90_a-b_c'],
    ['access_token=x&access_token=y&a=1&access_token=z', 'a=1&access_token=90_a-b_c'],
    ['access_token=n=x', 'access_token=90_a-b_c'],
    ['access_token=n=x=y==', 'access_token=90_a-b_c'],
    ['access_token=a?b/c', 'access_token=90_a-b_c'],
    ['access%5Ftoken=x', 'access_token=90_a-b_c'],
    ['access%5ftoken=x&a=1', 'a=1&access_token=90_a-b_c'],
    ['%61%63%63ess_token=x', 'access_token=90_a-b_c'],
    ['%61ccess_toke%6E', 'access_token=90_a-b_c'],
    ['&&', '&&&access_token=90_a-b_c'],
    ['a=1&&b=2', 'a=1&&b=2&access_token=90_a-b_c'],
    ['&access_token=x&', '&&access_token=90_a-b_c'],
    ['a=1&', 'a=1&&access_token=90_a-b_c'],
    // Other names, whatever they look like.
    ['Access_Token=x', 'Access_Token=x&access_token=90_a-b_c'],
    ['component_access_token=x', 'component_access_token=x&access_token=90_a-b_c'],
    ['access_token2=x', 'access_token2=x&access_token=90_a-b_c'],
    ['access_token%20=x', 'access_token%20=x&access_token=90_a-b_c'],
    ['access+token=x', 'access+token=x&access_token=90_a-b_c'],
    ['access_token+=x', 'access_token+=x&access_token=90_a-b_c'],
    ['access%255Ftoken=x', 'access%255Ftoken=x&access_token=90_a-b_c'],
    ['x=access_token=y', 'x=access_token=y&access_token=90_a-b_c'],
    ['access_token%zz=x', 'access_token%zz=x&access_token=90_a-b_c'],
    // Bytes that no parser of queries would write.
    ['url=http%3A%2F%2Fa%2f?b;c', 'url=http%3A%2F%2Fa%2f?b;c&access_token=90_a-b_c'],
    ['a=%zz&b=%E4%BD%A0+%20&c', 'a=%zz&b=%E4%BD%A0+%20&c&access_token=90_a-b_c'],
    ['a={"b":[1,2]}|^`', 'a={"b":[1,2]}|^`&access_token=90_a-b_c'],
  ];
  for (const [query, injected] of rows) {
    t.equal(withParameter(query, 'access_token', TOKEN), injected, query ?? 'no query');
  }
  t.end();
});

t.test('a value is encoded, and takes the place of all that had its name', (t) => {
  t.equal(withParameter('a=1', 't', 'a&b=c d+%你'), 'a=1&t=a%26b%3Dc%20d%2B%25%E4%BD%A0');
  t.equal(
    withParameter('secret=x&js_code=1&appid=y&secret=z', 'secret', 's'),
    'js_code=1&appid=y&secret=s',
  );
  t.end();
});

t.test('whatever the query, its other parameters keep their bytes and their order', (t) => {
  const names = ['access_token', 'access%5Ftoken', '%61ccess_token', 'a', 'access_tokens', '', '%'];
  const values = ['', '=', '=x', '=n=x', '=%26', '=%zz', '=access_token', '=a+b', '=\xff'];
  for (let seed = 1; seed <= 3000; seed++) {
    const random = new Seeded(seed);
    const pairs = random.list(6, () => `${random.of(names)}${random.of(values)}`);
    const query = pairs.join('&');
    const others = pairs.filter(
      (pair) => !/^(?:access_token|access%5Ftoken|%61ccess_token)(?:=|$)/.test(pair),
    );
    const injected = withParameter(query, 'access_token', TOKEN);
    const kept = others.join('&');
    const wanted = kept === '' ? `access_token=${TOKEN}` : `${kept}&access_token=${TOKEN}`;
    const read = new URLSearchParams(injected).getAll('access_token');
    if (injected === wanted && read.length === 1 && read[0] === TOKEN) continue;
    t.fail(`seed ${seed}`, { query, injected, wanted });
  }
  t.pass('3000 queries');
  t.end();
});

t.test('injecting twice is injecting once', (t) => {
  const once = withParameter('a=1&access_token=x', 'access_token', TOKEN);
  t.equal(withParameter(once, 'access_token', TOKEN), once);
  t.end();
});

t.test('names can be taken out alone', (t) => {
  const rows: readonly (readonly [query: string, names: string[], left: string])[] = [
    ['', ['a'], ''],
    ['a=1', ['a'], ''],
    ['a=1&b=2&a', ['a'], 'b=2'],
    ['a=1&b=2&c=3', ['a', 'c'], 'b=2'],
    ['b=2&%61=1', ['a'], 'b=2'],
    ['b=a', ['a'], 'b=a'],
  ];
  for (const [query, names, left] of rows) t.equal(withoutParameters(query, names), left, query);
  t.end();
});

t.test('values are found under every spelling of their name', (t) => {
  const rows: readonly (readonly [query: string | undefined, values: string[]])[] = [
    [undefined, []],
    ['', []],
    ['b=1', []],
    ['a', ['']],
    ['a=', ['']],
    ['a=1', ['1']],
    ['a=1=2', ['1=2']],
    ['a=%20&b=2&%61=+', ['%20', '+']],
    ['a%zz=1', []],
  ];
  for (const [query, values] of rows)
    t.strictSame(parameterValues(query, 'a'), values, query ?? '');
  t.equal(parameter('b=1&a=x%20y+z&a=2', 'a'), 'x y z', 'the first, decoded');
  t.equal(parameter('a=%zz+', 'a'), '%zz+', 'no encoding: as it is');
  t.equal(parameter('a', 'a'), '');
  t.equal(parameter('b', 'a'), undefined);
  t.end();
});
