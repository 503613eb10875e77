import { inspect } from 'node:util';
import { divertAxios } from './axios-interceptor.ts';
import type { Client, Given } from './client.ts';
import { WANTED } from './client.ts';
import { load } from './packages.ts';
import { keepPromises } from './promises.ts';

/** One answer of axios. */
interface Answer {
  readonly data: unknown;
}

interface Service {
  getToken(): Promise<string>;
  sendTemplateMessage(message: object): Promise<unknown>;
  createQRCode(data: object): Promise<unknown>;
  readonly mp: {
    createQRCode(params: object, token: string): Promise<Answer>;
    getUnlimitedQRCode(params: object, token: string, config: object): Promise<Answer>;
    sendMessage(params: object, token: string): Promise<Answer>;
    code2Session(code: string): Promise<unknown>;
  };
}

load('reflect-metadata');
const { WeChatService } = load('nest-wechat') as {
  readonly WeChatService: new (options: object) => Service;
};

function open(given: Given): Client {
  divertAxios(given.baseUrl);
  const service = new WeChatService({ appId: given.appid, secret: given.secret });
  const { mp } = service;
  const token = (): Promise<string> => service.getToken();
  return {
    calls: {
      sendTemplateMessage: {
        run: () => service.sendTemplateMessage({ touser: 'oDEMO', data: { first: '你好' } }),
        wanted: { ...WANTED.ok, echo: { path: '/cgi-bin/message/template/send' } },
      },
      createQRCode: {
        run: () => service.createQRCode({ action_name: 'QR_SCENE' }),
        wanted: { ...WANTED.ok, echo: { path: '/cgi-bin/qrcode/create' } },
      },
      'mp.sendMessage': {
        run: async () => (await mp.sendMessage({ touser: 'oDEMO' }, await token())).data,
        wanted: { ...WANTED.ok, echo: { path: '/cgi-bin/message/subscribe/send' } },
      },
      // Sends `access_token=n=…`, which WeChat would not take.
      'mp.createQRCode': {
        run: async () => (await mp.createQRCode({ path: 'page' }, await token())).data,
        wanted: { ...WANTED.ok, echo: { path: '/cgi-bin/wxaapp/createwxaqrcode', query: '' } },
      },
    },
    download: async () => {
      const config = { responseType: 'arraybuffer' };
      const { data } = await mp.getUnlimitedQRCode({ scene: 'a=1' }, await token(), config);
      return data as Buffer;
    },
    picture: 'png',
    exchange: (code) => mp.code2Session(code),
    memory: () => inspect(service, { depth: Infinity }),
  };
}

keepPromises({ name: 'nest-wechat', token: 'fetches', open });
