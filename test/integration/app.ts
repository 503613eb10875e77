/** An app, as far as these tests need one: it calls, and reads its answers whole. */
import { Agent, get, type IncomingHttpHeaders } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The body, which must be JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

export async function call(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, init);
  const body = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body,
    get json() {
      return JSON.parse(body) as Record<string, unknown>;
    },
  };
}

/** An upload of media; beyond the replay body limit it takes the stream lane. */
export function upload(proxyUrl: string, lengthBytes: number): Promise<Reply> {
  return call(`${proxyUrl}/cgi-bin/media/upload?type=image`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body: Buffer.alloc(lengthBytes, 'media '),
  });
}

/** What a call that was made at once with others got. */
export interface QuickReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * The answers to `count` calls that are made at once, each on a connection of its own; each says
 * which one it was. By `node:http`, which takes less time for so many than `fetch`.
 */
export function callAtOnce(proxyUrl: string, count: number): Promise<readonly QuickReply[]> {
  const agent = new Agent({ maxSockets: Infinity });
  return Promise.all(
    Array.from(
      { length: count },
      (_, number) =>
        new Promise<QuickReply>((resolve, reject) => {
          get(`${proxyUrl}/wxa/order?number=${number}`, { agent }, (res) => {
            let body = '';
            res.setEncoding('utf8').on('data', (text: string) => (body += text));
            res.once('error', reject);
            res.once('end', () => {
              resolve({ status: res.statusCode ?? 0, headers: res.headers, body });
            });
          }).once('error', reject);
        }),
    ),
  );
}

/** How many of the answers of `callAtOnce` are good, and the ones that were asked for. */
export function countGood(replies: readonly QuickReply[]): number {
  return replies.filter(
    ({ status, body }, number) =>
      status === 200 &&
      body.startsWith('{"errcode":0,') &&
      body.includes(`"query":"number=${number}"`),
  ).length;
}
