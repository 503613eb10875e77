import { inspect } from 'node:util';
import type { Client, Given } from './client.ts';
import { WANTED } from './client.ts';
import { load } from './packages.ts';
import { keepPromises } from './promises.ts';

type Answer = (error: Error | null, answer: unknown) => void;

interface Api {
  /** `setEndpoint` would put `https://` before it: a plain-http address goes in by hand. */
  endpoint: string;
  fileServerPrefix: string;
  getIp(answer: Answer): void;
  getFollowers(answer: Answer): void;
  getUser(openid: string, answer: Answer): void;
  sendText(openid: string, text: string, answer: Answer): void;
  uploadMedia(path: string, type: string, answer: Answer): void;
  getMedia(mediaId: string, answer: Answer): void;
}

const API = load('wechat-api') as new (appid: string, secret: string) => Api;

function promised(call: (answer: Answer) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    call((error, answer) => {
      if (error === null || error === undefined) resolve(answer);
      else reject(error);
    });
  });
}

function open({ baseUrl, appid, secret }: Given): Client {
  const api = new API(appid, secret);
  api.endpoint = baseUrl;
  api.fileServerPrefix = `${baseUrl}/cgi-bin/`;
  return {
    calls: {
      getIp: { run: () => promised((done) => api.getIp(done)), wanted: WANTED.callbackIps },
      getFollowers: {
        run: () => promised((done) => api.getFollowers(done)),
        wanted: WANTED.users,
      },
      getUser: { run: () => promised((done) => api.getUser('oDEMO', done)), wanted: WANTED.user },
      sendText: {
        run: () => promised((done) => api.sendText('oDEMO', '你好', done)),
        wanted: WANTED.ok,
      },
    },
    upload: ({ path }) => promised((done) => api.uploadMedia(path, 'image', done)),
    download: () => promised((done) => api.getMedia('any', done)) as Promise<Buffer>,
    picture: 'jpeg',
    memory: () => inspect(api, { depth: Infinity }),
  };
}

keepPromises({ name: 'wechat-api', token: 'fetches', open });
