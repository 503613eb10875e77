/**
 * What the app sends, ready to be written: realistic fields, and enough variants that no
 * contender's cache of URLs answers for its work.
 */
import { randomUUID } from 'node:crypto';
import type { Scenario } from '../scenarios.ts';
import { ACCOUNTS } from '../upstream/accounts.ts';
import { ANSWER_BYTES } from '../upstream/answers.ts';

const MEBIBYTE = 1024 * 1024;
const VARIANTS = 256;

export interface Workload {
  readonly requests: readonly Buffer[];
  /** Of each right answer's body. */
  readonly answerBytes: number;
}

export interface WorkloadOptions {
  readonly host: string;
  /** For requests that no contender will complete. */
  readonly token?: string;
  /** Requests name their account, in turn from the first to the last of this many. */
  readonly accounts?: number;
}

export function workload(scenario: Scenario, options: WorkloadOptions): Workload {
  const body = bodyOf(scenario);
  const variants = body !== undefined && body.length > MEBIBYTE ? 1 : VARIANTS;
  const count = Math.max(variants, options.accounts ?? 1);
  return {
    requests: Array.from({ length: count }, (_, index) => render(scenario, body, index, options)),
    answerBytes: ANSWER_BYTES[scenario],
  };
}

/** The one POST body and the one upload, which proofs compare with what arrived. */
export function bodyOf(scenario: Scenario): Buffer | undefined {
  if (scenario === 'post') return MESSAGE;
  if (scenario === 'upload') return UPLOAD;
  return undefined;
}

function render(
  scenario: Scenario,
  body: Buffer | undefined,
  index: number,
  { host, token, accounts }: WorkloadOptions,
): Buffer {
  const path = `${PATHS[scenario]}${String(index).padStart(6, '0')}`;
  const account = accounts === undefined ? undefined : index % accounts;
  const query = token === undefined ? '' : `&access_token=${token}`;
  const lines = [
    `${body === undefined ? 'GET' : 'POST'} ${path}${query} HTTP/1.1`,
    `Host: ${host}`,
    'User-Agent: axios/1.21.1',
    'Accept: application/json, text/plain, */*',
    'Accept-Encoding: gzip, compress, deflate, br',
    ...(body === undefined ? [] : [`Content-Type: ${contentType(scenario)}`]),
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
    `X-Request-Id: ${randomUUID()}`,
    `traceparent: 00-${hex(32)}-${hex(16)}-01`,
    'X-Tenant: shop-hangzhou-01',
    ...(account === undefined
      ? []
      : [`x-wechat-appid: ${ACCOUNTS.appid(account)}`, `x-bench-account: ${account}`]),
    'Connection: keep-alive',
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, body]);
}

const PATHS: Readonly<Record<Scenario, string>> = {
  get: '/cgi-bin/user/info?lang=zh_CN&openid=o6_bmjrPTlm6_2sgVt7hMZ',
  post: '/cgi-bin/message/template/send?trace=',
  upload: '/cgi-bin/media/upload?type=image&trace=',
  download: '/cgi-bin/media/get?media_id=V2q7Yk_6f0ZlO8o4Xc9mD1sW5tA3',
};

const BOUNDARY = '----formdata-bench-0123456789abcdef';

function contentType(scenario: Scenario): string {
  return scenario === 'upload'
    ? `multipart/form-data; boundary=${BOUNDARY}`
    : 'application/json;charset=utf-8';
}

function hex(digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join('');
}

const POST_BYTES = 2048;
const MESSAGE = message();
const UPLOAD = upload();

function message(): Buffer {
  const empty = templateMessage('');
  return Buffer.from(templateMessage('x'.repeat(POST_BYTES - Buffer.byteLength(empty))));
}

function templateMessage(remark: string): string {
  return JSON.stringify({
    touser: 'o6_bmjrPTlm6_2sgVt7hMZOPfL2M',
    template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
    url: 'https://shop.example/orders/20260101',
    data: {
      thing1: { value: '您的订单已发货' },
      amount2: { value: '39.80元' },
      remark: { value: remark },
    },
  });
}

function upload(): Buffer {
  const field =
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="media"; filename="photo.jpg"\r\n` +
    'Content-Type: image/jpeg\r\n\r\n';
  const file = Buffer.alloc(MEBIBYTE);
  // No period that would show as a swapped or repeated chunk's twin.
  for (let i = 0; i < file.length; i += 4) file.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);
  return Buffer.concat([Buffer.from(field), file, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}
