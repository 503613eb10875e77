import t from 'tap';
import { blanked, withoutTokens } from '../../../src/proxy/blank.ts';

const TOKEN = `90_${'aB3-_x'.repeat(24)}`;
const OLD = `89_${'cD4-_y'.repeat(24)}`;

t.test('what was put into a request is taken out, and the length stays', (t) => {
  const text = `Location: https://x/y?access_token=${TOKEN}&a=1`;
  const clean = blanked(text, TOKEN);
  t.notOk(clean.includes(TOKEN));
  t.equal(clean.length, text.length);
  t.equal(blanked('nothing of it', TOKEN), 'nothing of it');
  t.end();
});

t.test('an answer that quotes requests loses every token, however it is written', (t) => {
  const quotes = [
    `?access_token=${OLD}&x=1`,
    String.raw`?access_token\u003d${OLD}\u0026x`,
    `access_token%3D${OLD}%26`,
    `{"access_token":"${OLD}"}`,
    String.raw`"{\"access_token\": \"${OLD}\"}"`,
    `access%5Ftoken=${OLD}`,
    `ACCESS_TOKEN=${OLD}`,
    `access_token=${OLD.slice(0, 80)}`,
    `a token by itself: ${OLD}`,
    'access_token=short&x',
  ];
  for (const quote of quotes) {
    const clean = withoutTokens(quote, TOKEN);
    t.notMatch(clean, /cD4|short/, quote);
    t.equal(clean.length, quote.length, quote);
  }
  const harmless = '{"errcode":0,"invoke_time":1635927298,"openid":"oG5oL0SJhBut8AyReFMUPB3ShYSy"}';
  t.equal(withoutTokens(harmless, TOKEN), harmless);
  t.end();
});
