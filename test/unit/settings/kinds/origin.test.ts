import t from 'tap';
import { origin } from '../../../../src/settings/kinds/origin.ts';
import { testTexts } from './test-texts.ts';

testTexts(t, 'a URL to send requests to', {
  kind: origin,
  good: [
    ['https://api.weixin.qq.com', new URL('https://api.weixin.qq.com/')],
    ['http://127.0.0.1:3000/', new URL('http://127.0.0.1:3000')],
    ['https://[::1]:1', new URL('https://[::1]:1')],
  ],
  bad: [
    ['', /should be a URL such as https/],
    ['api.weixin.qq.com', /should be a URL such as https/],
    ['ftp://api.weixin.qq.com', /should be a URL such as https/],
    ['https://', /should be a URL such as https/],
    ['https://h:99999', /should be a URL such as https/],
    ['https://api.weixin.qq.com/cgi-bin', /a path is not supported/],
    ['https://api.weixin.qq.com?a=b', /should hold no query/],
    ['https://api.weixin.qq.com#a', /should hold no query or fragment/],
    ['https://user@api.weixin.qq.com', /should hold no user name or password/],
    ['https://:pass@api.weixin.qq.com', /should hold no user name or password/],
  ],
});

t.test('of a URL only what cannot be a password is shown, valid or not', (t) => {
  const shown: readonly (readonly [text: string, safe: string])[] = [
    ['https://api.weixin.qq.com/x', 'https://api.weixin.qq.com/x'],
    ['https://user:pw@h/x', 'https://[secret]@h/x'],
    ['https://user:p/w?@h', 'https://[secret]@h'],
    ['user:pw@h', '[secret]@h'],
    ['https://h/?key=pw', 'https://h/?[not shown]'],
  ];
  for (const [text, safe] of shown) t.equal(origin.show?.(text), safe, text);
  t.end();
});
