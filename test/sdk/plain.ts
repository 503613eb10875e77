/** HTTP clients that know nothing of WeChat: they send no token, and the proxy puts one in. */
import { Readable } from 'node:stream';
import { WANTED, type Client, type Given, type Upload } from './client.ts';

type Headers = Readonly<Record<string, string>>;

/** What a client can do, each in its own way. All give the answer's body, and throw on a refusal. */
export interface Transport {
  get(url: string, headers: Headers): Promise<Buffer>;
  postJson(url: string, headers: Headers, body: object): Promise<Buffer>;
  /** A form with the file as `media`, its length known beforehand. */
  upload(url: string, headers: Headers, file: Upload): Promise<Buffer>;
  /** The same, chunked. */
  uploadChunked(url: string, headers: Headers, file: Upload): Promise<Buffer>;
}

export function plainClient(transport: Transport): (given: Given) => Client {
  return ({ baseUrl, headers }) => {
    const get = (path: string): Promise<Buffer> => transport.get(`${baseUrl}${path}`, headers);
    const upload = `${baseUrl}/cgi-bin/media/upload?type=image`;
    return {
      calls: {
        callbackIps: {
          run: async () => parsed(await get('/cgi-bin/getcallbackip')),
          wanted: WANTED.callbackIps,
        },
        users: {
          run: async () => parsed(await get('/cgi-bin/user/get?access_token=')),
          wanted: WANTED.users,
        },
        user: {
          run: async () => parsed(await get('/cgi-bin/user/info?openid=oDEMO&lang=zh_CN')),
          wanted: WANTED.user,
        },
        text: {
          run: async () => {
            const body = { touser: 'oDEMO', msgtype: 'text', text: { content: '你好' } };
            const url = `${baseUrl}/cgi-bin/message/custom/send?access_token=any`;
            return parsed(await transport.postJson(url, headers, body));
          },
          wanted: WANTED.ok,
        },
      },
      upload: async (file) => parsed(await transport.upload(upload, headers, file)),
      uploadChunked: async (file) => parsed(await transport.uploadChunked(upload, headers, file)),
      download: () => get('/cgi-bin/media/get?media_id=any'),
      picture: 'jpeg',
      exchange: async (code) => parsed(await get(`/sns/jscode2session?js_code=${code}`)),
      memory: () => '',
    };
  };
}

/** The form of an upload as bytes in pieces, for clients that are handed a stream. */
export function streamedForm({ name, bytes }: Upload): {
  readonly contentType: string;
  readonly body: Readable;
} {
  const boundary = 'between-parts-7MA4YWxkTrZu0gW';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="media"; filename="${name}"\r\nContent-Type: image/jpeg\r\n\r\n`;
  const pieces = [Buffer.from(head), ...halves(bytes), Buffer.from(`\r\n--${boundary}--\r\n`)];
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Readable.from(pieces, { objectMode: false }),
  };
}

/** The same form as a platform object. */
export function form({ name, bytes }: Upload): FormData {
  const data = new FormData();
  data.append('media', new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), name);
  return data;
}

function halves(bytes: Buffer): Buffer[] {
  const middle = Math.floor(bytes.length / 2);
  return [bytes.subarray(0, middle), bytes.subarray(middle)];
}

function parsed(body: Buffer): unknown {
  return JSON.parse(body.toString());
}
