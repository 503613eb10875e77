import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, Given } from './client.ts';
import { WANTED } from './client.ts';
import { load } from './packages.ts';
import { keepPromises } from './promises.ts';

interface Response {
  toObject(): unknown;
  getContent(): Buffer;
}

interface HttpClient {
  get(path: string, options?: object): Promise<Response>;
  post(path: string, options?: object): Promise<Response>;
  postJson(path: string, body: object): Promise<Response>;
  withFile(path: string, key: string): HttpClient;
}

interface Application {
  getClient(): HttpClient;
  getUtils(): { codeToSession(code: string): Promise<unknown> };
}

type Constructor = new (config: object) => Application;
const { OfficialAccount, MiniApp } = load('node-easywechat') as Record<string, Constructor>;

/** @param stable through which of WeChat's two token endpoints it gets its token */
function opener(Application: Constructor, stable: boolean): (given: Given) => Client {
  return ({ baseUrl, appid, secret, folder }) => {
    // Its cache is a folder of files that are named after appid and secret.
    const cache = join(folder, `cache-${appid}`);
    mkdirSync(cache);
    const app = new Application({
      app_id: appid,
      secret,
      use_stable_access_token: stable,
      http: { baseURL: `${baseUrl}/` },
      file_cache: { path: cache },
    });
    const client = app.getClient();
    const get = async (path: string, params = {}): Promise<unknown> =>
      (await client.get(path, { params })).toObject();
    return {
      calls: {
        callbackIps: { run: () => get('cgi-bin/getcallbackip'), wanted: WANTED.callbackIps },
        users: { run: () => get('/cgi-bin/user/get'), wanted: WANTED.users },
        user: { run: () => get('cgi-bin/user/info', { openid: 'oDEMO' }), wanted: WANTED.user },
        text: {
          run: async () => {
            const body = { touser: 'oDEMO', msgtype: 'text', text: { content: '你好' } };
            return (await client.postJson('cgi-bin/message/custom/send', body)).toObject();
          },
          wanted: WANTED.ok,
        },
      },
      upload: async ({ path }) => {
        const options = { params: { type: 'image' } };
        return (
          await client.withFile(path, 'media').post('cgi-bin/media/upload', options)
        ).toObject();
      },
      download: async () => {
        const options = { params: { media_id: 'any' }, responseType: 'arraybuffer' };
        return (await client.get('cgi-bin/media/get', options)).getContent();
      },
      picture: 'jpeg',
      ...(Application === MiniApp && {
        exchange: (code: string) => app.getUtils().codeToSession(code),
      }),
      memory: () =>
        readdirSync(cache)
          .map((name) => `${name} ${readFileSync(join(cache, name), 'utf8')}`)
          .join('\n'),
    };
  };
}

keepPromises({
  name: 'node-easywechat, official account',
  token: 'fetches',
  open: opener(OfficialAccount as Constructor, false),
});
keepPromises({
  name: 'node-easywechat, mini program with stable_token',
  token: 'fetches',
  open: opener(MiniApp as Constructor, true),
});
