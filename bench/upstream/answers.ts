/** WeChat's answers, ready to be written: head and body as one Buffer. */

/** A field that the app must get as it is. */
export const MARK = 'LogicRet: 0';

const MEBIBYTE = 1024 * 1024;

const USER = JSON.stringify({
  subscribe: 1,
  openid: 'o6_bmjrPTlm6_2sgVt7hMZOPfL2M',
  language: 'zh_CN',
  subscribe_time: 1_382_694_957,
  unionid: 'o6_bmasdasdsad6_2sgVt7hMZOPfL',
  remark: '',
  groupid: 0,
  tagid_list: [128, 2],
  subscribe_scene: 'ADD_SCENE_QR_CODE',
  qr_scene: 98_765,
  qr_scene_str: '门店-杭州-01',
});
const SENT = JSON.stringify({ errcode: 0, errmsg: 'ok', msgid: 200_228_332 });
const UPLOADED = JSON.stringify({
  type: 'image',
  media_id: 'V2q7Yk_6f0ZlO8o4Xc9mD1sW5tA3bN7uE2rP6yH9gJ4kL8zQ',
  created_at: 1_760_000_000,
  item: [],
});
const WRONG_TOKEN = JSON.stringify({
  errcode: 40_001,
  errmsg:
    'invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken rid: 6543a2b1-0c9d8e7f-1a2b3c4d',
});

const IMAGE = image();

const JSON_TYPE = 'application/json; encoding=utf-8';

export const ANSWERS = {
  get: json(USER),
  post: json(SENT),
  upload: json(UPLOADED),
  download: rendered('image/jpeg', IMAGE, [
    'Content-disposition: attachment; filename="V2q7Yk_6f0ZlO8o4Xc9mD1sW5tA3.jpg"',
    'Cache-Control: no-cache, must-revalidate',
  ]),
  wrongToken: json(WRONG_TOKEN),
  noLength: Buffer.from(
    'HTTP/1.1 412 Precondition Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  ),
} as const;

/** Bodies of the right answers, in bytes. */
export const ANSWER_BYTES = {
  get: Buffer.byteLength(USER),
  post: Buffer.byteLength(SENT),
  upload: Buffer.byteLength(UPLOADED),
  download: IMAGE.length,
} as const;

/** Their text or bytes, for proofs. */
export const ANSWER_BODIES = {
  get: Buffer.from(USER),
  post: Buffer.from(SENT),
  upload: Buffer.from(UPLOADED),
  download: IMAGE,
} as const;

export function json(body: string): Buffer {
  return rendered(JSON_TYPE, Buffer.from(body), []);
}

function rendered(type: string, body: Buffer, fields: readonly string[]): Buffer {
  const lines = [
    'HTTP/1.1 200 OK',
    'Connection: keep-alive',
    `Date: ${new Date().toUTCString()}`,
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
    'RetKey: 11',
    MARK,
    'Server: mmbizapi',
    'X-Content-Type-Options: nosniff',
    ...fields,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** No JSON: it starts as a JPEG does. */
function image(): Buffer {
  const bytes = Buffer.alloc(MEBIBYTE);
  for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(Math.imul(i, 2246822519) >>> 0, i);
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  return bytes;
}
