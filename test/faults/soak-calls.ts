/** The mixed traffic of a soak: calls of every kind, each with what makes its answer a good one. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { bytes } from '../../src/simulator/media.ts';
import type { Random } from '../conformance/fuzz-random.ts';
import { send, type Outgoing, type Sent } from './traffic.ts';

/** @returns what is wrong with the answers; undefined where nothing is */
type Kind = (call: Call, random: Random) => Promise<string | undefined>;
type Call = (request: Outgoing) => Promise<Sent>;

const UPLOAD = bytes(300_000);
const MULTIPART = { 'content-type': 'multipart/form-data; boundary=x' };
let codes = 0;

const KINDS: Readonly<Record<string, Kind>> = {
  async get(call) {
    return faultOf(await call({ path: '/wxa/order?n=1' }), (json) => echoed(json, 'GET'));
  },
  async post(call) {
    const body = JSON.stringify({ text: 'x'.repeat(2048) });
    return faultOf(await call({ method: 'POST', path: '/wxa/order', body }), (json) =>
      echoed(json, 'POST'),
    );
  },
  async chunked(call) {
    const body = JSON.stringify({ text: 'x'.repeat(500) });
    const sent = await call({ method: 'POST', path: '/wxa/order', body, chunked: true });
    return faultOf(sent, (json) => echoed(json, 'POST'));
  },
  async upload(call, random) {
    const body = UPLOAD.subarray(0, 70_000 + random.int(200_000));
    const request = {
      method: 'POST',
      path: '/cgi-bin/media/upload?type=image',
      headers: MULTIPART,
      body,
    };
    return faultOf(
      await call(request),
      ({ media_id }) => media_id === createHash('sha256').update(body).digest('hex'),
    );
  },
  async download(call, random) {
    const length = random.int(150_000);
    const chunked = random.once(2) ? '&chunked=1' : '';
    const path = `/cgi-bin/media/get?media_id=m&bytes=${length}${chunked}`;
    const { outcome, status, why, body } = await call({ path });
    if (outcome !== 'whole' || status !== 200) return `${outcome} ${status} ${why}`;
    return body.equals(bytes(length))
      ? undefined
      : `${body.length} bytes, not the ${length} that were asked for`;
  },
  async gzip(call) {
    const sent = await call({ path: '/wxa/order', headers: { 'accept-encoding': 'gzip' } });
    try {
      return faultOf({ ...sent, body: gunzipSync(sent.body) }, (json) => echoed(json, 'GET'));
    } catch {
      return faultOf(sent, () => false);
    }
  },
  async user(call) {
    const exchange = await call({
      path: `/sns/oauth2/access_token?code=soak-${++codes}-${Date.now()}&grant_type=authorization_code`,
    });
    let token = '';
    const fault = faultOf(
      exchange,
      ({ access_token }) => (token = String(access_token ?? '')) !== '',
    );
    if (fault !== undefined) return fault;
    const path = `/sns/userinfo?access_token=${token}&openid=o`;
    return faultOf(await call({ path }), ({ openid }) => typeof openid === 'string');
  },
};

function faultOf(
  { outcome, status, why, body }: Sent,
  isGood: (json: Readonly<Record<string, unknown>>) => boolean,
): string | undefined {
  const text = body.toString();
  try {
    if (
      outcome === 'whole' &&
      status === 200 &&
      isGood(JSON.parse(text) as Record<string, unknown>)
    )
      return undefined;
  } catch {
    // no JSON: told below
  }
  return `${outcome} ${status} ${why} ${text.slice(0, 200)}`;
}

function echoed(json: Readonly<Record<string, unknown>>, method: string): boolean {
  return (
    json['errcode'] === 0 && (json['echo'] as { method?: unknown } | undefined)?.method === method
  );
}

/** Marks with random choice; uploads and downloads are a fifth. */
const MIX = [
  'get',
  'get',
  'get',
  'post',
  'post',
  'post',
  'gzip',
  'chunked',
  'user',
  'upload',
  'download',
];

/** As apps do that were told of a bad token. */
const UPLOAD_ATTEMPTS = 3;
const AGAIN_AFTER_MS = 250;

export interface Outcome {
  readonly kind: string;
  readonly fault: string | undefined;
  /** A streamed upload met a rotation: it cannot be replayed, and the app sent it again. */
  readonly again: boolean;
}

/** Makes one call of the mix. */
export async function callOnce(
  url: string,
  random: Random,
  agent: Outgoing['agent'],
): Promise<Outcome> {
  const kind = random.pick(MIX);
  const make = (): Promise<string | undefined> =>
    (KINDS[kind] as Kind)((request) => send(url, { agent, ...request }), random);
  let fault = await make();
  let again = false;
  for (let attempt = 1; attempt < UPLOAD_ATTEMPTS && wasRejected(kind, fault); attempt++) {
    again = true;
    await delay(AGAIN_AFTER_MS);
    fault = await make();
  }
  return { kind, fault, again };
}

/** What is streamed cannot be replayed: the app is told that the token was bad. */
function wasRejected(kind: string, fault: string | undefined): boolean {
  return kind === 'upload' && fault?.includes('"errcode":40001') === true;
}
