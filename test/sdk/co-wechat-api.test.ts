import { inspect } from 'node:util';
import type { Client, Given } from './client.ts';
import { WANTED } from './client.ts';
import { load } from './packages.ts';
import { keepPromises } from './promises.ts';

interface Api {
  prefix: string;
  snsPrefix: string;
  wxaPrefix: string;
  fileServerPrefix: string;
  customservicePrefix: string;
  readonly store: unknown;
  getIp(): Promise<unknown>;
  getFollowers(): Promise<unknown>;
  getUser(openid: string): Promise<unknown>;
  sendText(openid: string, text: string): Promise<unknown>;
  uploadMedia(path: string, type: string): Promise<unknown>;
  getMedia(mediaId: string): Promise<Buffer>;
  code2Session(code: string): Promise<unknown>;
}

const API = load('co-wechat-api') as new (appid: string, secret: string) => Api;

function open({ baseUrl, appid, secret }: Given): Client {
  const api = new API(appid, secret);
  api.prefix = `${baseUrl}/cgi-bin/`;
  api.snsPrefix = `${baseUrl}/sns/`;
  api.wxaPrefix = `${baseUrl}/wxa/`;
  api.fileServerPrefix = `${baseUrl}/cgi-bin/`;
  api.customservicePrefix = `${baseUrl}/customservice/`;
  return {
    calls: {
      getIp: { run: () => api.getIp(), wanted: WANTED.callbackIps },
      getFollowers: { run: () => api.getFollowers(), wanted: WANTED.users },
      getUser: { run: () => api.getUser('oDEMO'), wanted: WANTED.user },
      sendText: { run: () => api.sendText('oDEMO', '你好'), wanted: WANTED.ok },
    },
    upload: ({ path }) => api.uploadMedia(path, 'image'),
    download: () => api.getMedia('any'),
    picture: 'jpeg',
    exchange: (code) => api.code2Session(code),
    memory: () => inspect(api, { depth: Infinity }),
  };
}

keepPromises({ name: 'co-wechat-api', token: 'fetches', open });
