/** Answers of APIs: one of each kind that apps and SDKs treat differently. */
import { binary, json, newRid, ok, refusal, type Answer } from './answers.ts';
import { jsonBodyOf, type Call } from './call.ts';
import { byteStream, JPEG, PNG } from './media.ts';
import type { AcceptedToken } from './token-check.ts';
import type { World } from './world.ts';

const OPENIDS = ['oDEMO0000000000000000000001', 'oDEMO0000000000000000000002'];

export function getCallbackIp(): Answer {
  return json({ ip_list: ['127.0.0.1', '127.0.0.2'] });
}

export function userGet(): Answer {
  return json({ total: 2, count: 2, data: { openid: OPENIDS }, next_openid: '' });
}

export function userInfo(call: Call): Answer {
  const openid = call.query.get('openid');
  if (!openid) return refusal(40003);
  return json({ subscribe: 1, openid, language: 'zh_CN', subscribe_time: 1_700_000_000 });
}

/** Any POST that takes JSON and says no more than ok. */
export function takesJson(call: Call): Answer {
  return jsonBodyOf(call) === undefined ? refusal(47001) : ok();
}

/** The media_id is the SHA-256 of the whole body: it proves that every byte arrived. */
export function mediaUpload(call: Call, world: World): Answer {
  const multipart = call.contentType.startsWith('multipart/form-data');
  if (!multipart || call.body.lengthBytes === 0) return refusal(41005);
  const type = call.query.get('type') ?? 'image';
  const created_at = Math.floor(world.now() / 1000);
  return json({ type, media_id: call.body.sha256, created_at });
}

/**
 * A picture, or `?bytes=N` bytes that are the same each time (`&chunked=1`: without a length).
 * By the start of `media_id`: `invalid` is an error, `video` a JSON answer, `close` ends the
 * connection as WeChat does for media.
 */
export function mediaGet(call: Call): Answer {
  const mediaId = call.query.get('media_id') ?? '';
  if (mediaId.startsWith('invalid')) return refusal(40007);
  if (mediaId.startsWith('video')) {
    return json({ video_url: 'http://127.0.0.1/made-up-video.mp4' }, 'text/plain');
  }
  const asked = Number(call.query.get('bytes') ?? Number.NaN);
  return {
    status: 200,
    headers: {
      'Content-Type': 'image/jpeg',
      'Content-Disposition': 'attachment; filename="media.jpg"',
    },
    body: asked >= 0 && asked < Infinity ? byteStream(Math.floor(asked)) : JPEG,
    close: mediaId.startsWith('close'),
    chunked: call.query.has('chunked'),
  };
}

export function getMaterial(call: Call): Answer {
  const mediaId = jsonBodyOf(call)?.['media_id'];
  if (typeof mediaId !== 'string' || mediaId.startsWith('invalid')) return refusal(40007);
  return binary('image/jpeg', JPEG);
}

export function getWxaCodeUnlimit(call: Call): Answer {
  const scene = jsonBodyOf(call)?.['scene'];
  return typeof scene === 'string' && scene !== '' ? binary('image/png', PNG) : refusal(40169);
}

/** Tells about a request by its rid, and so quotes a URL with the real token in it. */
export function ridGet(call: Call, world: World, { value }: AcceptedToken): Answer {
  const rid = jsonBodyOf(call)?.['rid'];
  if (typeof rid !== 'string') return refusal(47001);
  return json({
    errcode: 0,
    errmsg: 'ok',
    request: {
      invoke_time: Math.floor(world.now() / 1000),
      cost_in_ms: 12,
      request_url: `https://api.weixin.qq.com/cgi-bin/user/get?access_token=${value}`,
      request_body: '',
      response_body: `{"errcode":40003,"errmsg":"invalid openid rid: ${newRid()}"}`,
      client_ip: call.ip,
    },
  });
}

/** Every other path works, and tells what arrived. */
export function echo(call: Call): Answer {
  const query = new URLSearchParams(call.query);
  query.delete('access_token');
  const { method, path } = call;
  return json({ errcode: 0, errmsg: 'ok', echo: { method, path, query: query.toString() } });
}
