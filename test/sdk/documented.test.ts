import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import t from 'tap';
import { blocksOf, page } from '../helpers/doc-pages.ts';
import { requireProgram } from '../helpers/programs.ts';
import { WANTED } from './client.ts';
import { openDesk } from './desk.ts';
import { load } from './packages.ts';
import { output } from './program.ts';

/** Where the page's examples take the proxy to be. */
const SHOWN = 'http://127.0.0.1:8080';
const require = createRequire(import.meta.url);
const blocks = blocksOf(page('docs/sdks.md'));
const snippets = blocks.filter(({ language }) => language === 'js');

interface CoWechatApi {
  getIp(): Promise<unknown>;
}

interface WechatApi {
  getIp(answer: (error: unknown, ips: unknown) => void): void;
}

interface EasyWechat {
  getClient(): { get(path: string): Promise<{ toObject(): unknown }> };
}

interface Axios {
  get(url: string): Promise<{ readonly data: unknown }>;
}

/** What is called after a section's snippet has run, by its heading. */
const calls: Readonly<Record<string, (made: unknown) => Promise<unknown>>> = {
  'co-wechat-api': (api) => (api as CoWechatApi).getIp(),
  'wechat-api': (api) =>
    new Promise((resolve, reject) => {
      (api as WechatApi).getIp((error, ips) => {
        if (error instanceof Error) reject(error);
        else resolve(ips);
      });
    }),
  'node-easywechat': async (app) =>
    (await (app as EasyWechat).getClient().get('cgi-bin/getcallbackip')).toObject(),
  // WeChat's own host, which the interceptor replaces.
  'nest-wechat': async () =>
    (await (load('axios') as Axios).get('https://api.weixin.qq.com/cgi-bin/getcallbackip')).data,
};

t.test('every snippet of the page for Node does what it is shown for', async (t) => {
  const { proxy, folder } = await openDesk(t);
  // node-easywechat, set up as shown, keeps its cache where it is started.
  const before = process.cwd();
  process.chdir(folder);
  t.teardown(() => process.chdir(before));
  for (const { heading, text } of snippets) {
    const asked: Response[] = [];
    const recorded = async (url: string): Promise<Response> => {
      const answer = await fetch(url);
      asked.push(answer);
      return answer;
    };
    // A property that the SDK does not have would be set without a word.
    for (const [, name = ''] of text.matchAll(/^api\.(\w+) = /gm)) {
      const Api = load(heading) as new (appid: string, secret: string) => object;
      t.ok(name in new Api('wx0123456789abcdef', 'made up'), `${heading} has ${name}`);
    }
    const [, made = 'undefined'] = /^(?:const|let) (api|app) = /m.exec(text) ?? [];
    const code = `return (async () => {\n${text.replaceAll(SHOWN, proxy.url)}\nreturn ${made};\n})()`;
    const run = compileFunction(code, ['require', 'fetch']) as (
      ...given: readonly unknown[]
    ) => Promise<unknown>;
    const result = await run(require, recorded);
    const call = calls[heading];
    if (call !== undefined) {
      t.match(await call(result), WANTED.callbackIps, heading);
      continue;
    }
    t.ok(asked.length > 0, `${heading}: nobody knows what to call after it`);
    for (const answer of asked) {
      const { errcode = 0 } = (await answer.json()) as { errcode?: number };
      t.strictSame([answer.status, errcode], [200, 0], `${heading}: ${answer.url}`);
    }
  }
  t.ok(snippets.length > Object.keys(calls).length);
});

t.test('so does the one for Python’s requests', async (t) => {
  const { CI } = process.env;
  const python = requireProgram(t, 'python3', { PATH: '/usr/bin', ...(CI && { CI }) });
  if (python === undefined) return;
  const isThere = await output(python, ['-c', 'import requests']).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    if (CI === 'true') t.fail('requests is not installed');
    else t.pass('requests', { skip: 'requests is not installed' });
    return;
  }
  const { proxy, folder } = await openDesk(t);
  const shown = blocks.find(({ language, text }) => {
    return language === 'python' && text.startsWith('requests.');
  });
  const expression = (shown?.text ?? '').trim().replaceAll(SHOWN, proxy.url);
  writeFileSync(join(folder, 'a.jpg'), 'made up');
  const script = `import os, requests; os.chdir(${JSON.stringify(folder)}); print(${expression}.text)`;
  t.match(JSON.parse((await output(python, ['-c', script])).toString()), { media_id: String });
});
