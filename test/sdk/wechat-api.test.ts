import { inspect } from 'node:util';
import t from 'tap';
import type { Client, Given } from './client.ts';
import { WANTED } from './client.ts';
import { load } from './packages.ts';
import { keepPromises } from './promises.ts';
import { openTlsFront } from './tls-front.ts';

type Answer = (error: Error | null, answer: unknown) => void;

interface Api {
  /** A plain-http address goes in here by hand: `setEndpoint` puts `https://` before what it is given. */
  endpoint: string;
  fileServerPrefix: string;
  setEndpoint(domain: string): void;
  setOpts(options: object): void;
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

/** @param point tells it where WeChat is */
function opener(point: (api: Api, baseUrl: string) => void): (given: Given) => Client {
  return ({ baseUrl, appid, secret }) => {
    const api = new API(appid, secret);
    point(api, baseUrl);
    return clientOf(api);
  };
}

function clientOf(api: Api): Client {
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

const open = opener((api, baseUrl) => {
  api.endpoint = baseUrl;
  api.fileServerPrefix = `${baseUrl}/cgi-bin/`;
});
keepPromises({ name: 'wechat-api', token: 'fetches', open });

const front = await openTlsFront(t);
const openWithTls = opener((api, baseUrl) => {
  front.leadTo(baseUrl);
  api.setEndpoint(front.host);
  api.setOpts({ ca: front.ca });
});
keepPromises({ name: 'wechat-api by setEndpoint', token: 'fetches', open: openWithTls });
