import t from 'tap';
import { DEMO_ACCOUNT } from '../../src/simulator/demo-account.ts';
import { startProxy, untilReady } from '../helpers/proxy.ts';
import { answerOf } from '../helpers/raw-reply.ts';
import { startRawUpstream } from '../helpers/raw-upstream.ts';

t.test(
  'an upstream that quotes the request does not hand token or secret to the app',
  async (t) => {
    const upstream = await startRawUpstream(t, ({ target }, reply) => {
      const body = `{"errcode":1,"errmsg":"see ${target}"}`;
      const fields = [`Location: https://elsewhere.example${target}`, `X-Request-Url: ${target}`];
      if (!target.includes('chunked')) return reply.send(answerOf(body, fields));
      return reply.send(
        `HTTP/1.1 200 see ${target}\r\nTransfer-Encoding: chunked\r\n${fields.join('\r\n')}\r\n\r\n` +
          `${body.length.toString(16)}\r\n${body}\r\n0\r\nX-T: ${target}\r\nKeep-Alive: x\r\n\r\n`,
      );
    });
    const proxy = await startProxy(t, {
      upstream: upstream.url,
      env: { WXPROXY_REPLAY_BODY_LIMIT: '16' },
    });
    await untilReady(proxy);
    const calls: [string, RequestInit?][] = [
      ['/cgi-bin/user/get?a=1'],
      ['/cgi-bin/user/get?chunked=1'],
      ['/cgi-bin/media/upload?chunked=1', { method: 'POST', body: 'x'.repeat(64) }],
      ['/sns/jscode2session?js_code=chunked'],
      ['/cgi-bin/media/upload', { method: 'POST', body: 'x'.repeat(64) }],
      ['/sns/jscode2session?js_code=c'],
    ];
    for (const [path, init] of calls) {
      const answer = await fetch(`${proxy.url}${path}`, { redirect: 'manual', ...init });
      const seen = `${JSON.stringify([...answer.headers])} ${await answer.text()}`;
      const sent = upstream.requests.at(-1)?.target ?? '';
      t.match(sent, /access_token=|secret=/, `${path} carried what must not come back`);
      for (const secret of [upstream.token, DEMO_ACCOUNT.appsecret]) {
        t.notOk(
          seen.includes(secret),
          `${path}: ${secret === upstream.token ? 'token' : 'secret'}`,
        );
      }
      t.match(seen, /\*{8}/, 'it stands there, blanked');
    }
  },
);
